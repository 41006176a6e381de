internal import Encoding

/// Reads a certificate's fields in order; every failure names the field.
struct CertificateReader {
  private var cursor: ByteCursor

  init(_ range: Range<Int>) { cursor = ByteCursor(range) }

  var offset: Int { cursor.offset }
  var isAtEnd: Bool { cursor.isAtEnd }

  mutating func string(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(CertificateRefusal) -> Range<Int> {
    do throws(WireError) { return try cursor.string(bytes) } catch { throw CertificateReader.refusal(error, field) }
  }

  mutating func uint32(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(CertificateRefusal) -> UInt32 {
    do throws(WireError) { return try cursor.uint32(bytes) } catch { throw CertificateReader.refusal(error, field) }
  }

  mutating func byte(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(CertificateRefusal) -> UInt8 {
    do throws(WireError) { return try cursor.byte(bytes) } catch { throw CertificateReader.refusal(error, field) }
  }

  /// An mpint above zero (RFC 4251 section 5) in its one form, without the zero that keeps it from being negative. sshd
  /// takes superfluous zeros too; one number would have many spellings.
  mutating func positiveNumber(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(CertificateRefusal) -> [UInt8] {
    let number = bytes.copy(try string(bytes, field))
    guard let first = number.first, first < 0x80 else { throw CertificateReader.refusal(.notCanonical, field) }
    guard first == 0 else { return number }
    guard number.count > 1, number[1] >= 0x80 else { throw CertificateReader.refusal(.notCanonical, field) }
    return Array(number.dropFirst())
  }

  mutating func uint64(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(CertificateRefusal) -> UInt64 {
    do throws(WireError) { return try cursor.uint64(bytes) } catch { throw CertificateReader.refusal(error, field) }
  }

  /// A string that is a C string to sshd (sshbuf_get_cstring): no NUL in it.
  mutating func text(_ bytes: borrowing Span<UInt8>, _ field: StaticString) throws(CertificateRefusal) -> [UInt8] {
    let text = bytes.copy(try string(bytes, field))
    guard !text.contains(0) else { throw CertificateReader.refusal(.badText, field) }
    return text
  }

  func finish(_ field: StaticString) throws(CertificateRefusal) {
    do throws(WireError) { try cursor.finish() } catch { throw CertificateReader.refusal(error, field) }
  }

  static func refusal(_ error: WireError, _ field: StaticString) -> CertificateRefusal {
    switch error {
    case .truncated: CertificateRefusal(.form, "it ends within the \(field)")
    case .trailing: CertificateRefusal(.form, "bytes are left over after the \(field)")
    case .badText: CertificateRefusal(.form, "there is a NUL in the \(field)")
    case .notCanonical: CertificateRefusal(.form, "the \(field) is not written in its one form")
    }
  }
}
