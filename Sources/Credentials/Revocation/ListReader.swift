internal import Encoding

/// Reads the fields of a revocation list in order; every failure names the field.
struct ListReader {
  private var cursor: ByteCursor

  init(_ range: Range<Int>) { cursor = ByteCursor(range) }

  var isAtEnd: Bool { cursor.isAtEnd }

  mutating func byte(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(RevocationFault) -> UInt8 {
    do throws(WireError) { return try cursor.byte(bytes) } catch { throw ListReader.fault(error, field) }
  }

  mutating func uint32(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(RevocationFault) -> UInt32 {
    do throws(WireError) { return try cursor.uint32(bytes) } catch { throw ListReader.fault(error, field) }
  }

  mutating func uint64(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(RevocationFault) -> UInt64 {
    do throws(WireError) { return try cursor.uint64(bytes) } catch { throw ListReader.fault(error, field) }
  }

  mutating func string(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(RevocationFault) -> Range<Int> {
    do throws(WireError) { return try cursor.string(bytes) } catch { throw ListReader.fault(error, field) }
  }

  /// The format says that what stands there is to be ignored; what it will mean one day cannot be told now.
  mutating func empty(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(RevocationFault) {
    guard try string(bytes, field).isEmpty else { throw RevocationFault("the \(field) is not empty") }
  }

  func finish(_ field: StaticString) throws(RevocationFault) {
    do throws(WireError) { try cursor.finish() } catch { throw ListReader.fault(error, field) }
  }

  private static func fault(_ error: WireError, _ field: StaticString) -> RevocationFault {
    switch error {
    case .truncated: RevocationFault("it ends within the \(field)")
    case .trailing: RevocationFault("bytes are left over after the \(field)")
    case .badText: RevocationFault("there is a NUL in the \(field)")
    case .notCanonical: RevocationFault("the \(field) is not written in its one form")
    }
  }
}
