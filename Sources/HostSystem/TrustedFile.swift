internal import CPlatform.System

/// A regular file of root's that nobody else can write, open for reading without a heap. It is replaced by rename(2) only,
/// so what was opened stays whole whatever is put in its place meanwhile.
@frozen
public struct TrustedFile: ~Copyable {
  private let descriptor: FileDescriptor
  /// Bytes.
  public let size: UInt64

  /// - Throws: ENOENT if there is none; EPERM for anything that is not to be believed; what open(2) and fstat(2) say.
  public init<let capacity: Int>(_ path: borrowing StackText<capacity>) throws(SystemError) {
    var raw = path.open()
    while raw < 0 {
      let error = SystemError.last("open")
      guard error.isInterrupted else { throw error }
      raw = path.open()
    }
    let descriptor = FileDescriptor(owning: raw)
    let facts = try descriptor.facts()
    guard facts.isRegular, facts.isTrusted else { throw SystemError("open", code: EPERM) }
    self.descriptor = descriptor
    size = facts.size
  }

  /// The next bytes of the file, as many as there are and fit; 0 at its end.
  public func read<let capacity: Int>(into chunk: inout InlineArray<capacity, UInt8>) throws(SystemError) -> Int {
    while true {
      var span = chunk.mutableSpan
      // SAFETY: the pointer is the array's own storage, whose count is passed.
      let got = unsafe span.withUnsafeMutableBufferPointer { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe CPlatform.read(descriptor.raw, base, buffer.count)
      }
      if got >= 0 { return got }
      let error = SystemError.last("read")
      guard error.isInterrupted else { throw error }
    }
  }
}

extension StackText {
  /// The whole of a trusted file.
  /// - Throws: as `TrustedFile`; EFBIG if it does not fit; EIO if it is not as long as it was when it was opened.
  public init<let length: Int>(contentsOf path: borrowing StackText<length>) throws(SystemError) {
    self.init()
    let file = try TrustedFile(path)
    guard file.size < UInt64(capacity) else { throw SystemError("read", code: EFBIG) }
    let got = try file.read(into: &bytes)
    guard UInt64(got) == file.size else { throw SystemError("read", code: EIO) }
    count = got
  }
}
