internal import CPlatform.System

/// Reads a directory's names one at a time without a heap, and survives what a host program does to the descriptor
/// between two calls: closefrom(3) may close it, and its number may be another file's by now. The entries that getdents64(2)
/// gave are kept, because going back with lseek(2) costs a walk over the whole directory on tmpfs.
public struct DirectoryCursor {
  private var raw: CInt = -1
  private var device: UInt64 = 0
  private var inode: UInt64 = 0
  private var entries = InlineArray<1024, UInt8>(repeating: 0)
  private var at = 0
  private var end = 0

  public init() {}

  public var isOpen: Bool { raw >= 0 }

  /// From the first name on. The directory must be root's, and nobody else's to write (else EPERM).
  public mutating func open(_ path: borrowing PathBuffer) throws(SystemError) {
    close()
    let number = path.open(directory: true)
    guard number >= 0 else { throw .last("open") }
    let descriptor = FileDescriptor(owning: number)
    let facts = try descriptor.facts()
    guard facts.isTrusted else { throw SystemError("open", code: EPERM) }
    (device, inode) = (facts.device, facts.inode)
    raw = descriptor.release()
  }

  /// Closes the descriptor if it still is ours.
  public mutating func close() {
    if isOurs { _ = CPlatform.close(raw) }
    raw = -1
    at = 0
    end = 0
  }

  private var isOurs: Bool {
    var s = sojourn_stat()
    // SAFETY: `s` outlives the call, which only fills it.
    return unsafe raw >= 0 && sojourn_fstat(raw, &s) == 0 && s.device == device && s.inode == inode
  }

  /// The name that stands next, cut at 64 bytes and marked overflowed if it is longer; nil after the last. The same again
  /// until `advance` is called.
  public mutating func current() throws(SystemError) -> StackText<65>? {
    if at >= end {
      guard isOurs else { throw SystemError("getdents64", code: EBADF) }
      var span = entries.mutableSpan
      // SAFETY: the pointer is the array's own storage, whose count is passed.
      let got = unsafe span.withUnsafeMutableBufferPointer { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe sojourn_getdents(raw, base, buffer.count)
      }
      guard got >= 0 else { throw .last("getdents64") }
      at = 0
      end = min(got, 1024)
      if got == 0 { return nil }
    }
    guard length > DirectoryStream.nameOffset else { throw SystemError("getdents64", code: EIO) }
    var name = StackText<65>()
    for i in (at + DirectoryStream.nameOffset)..<(at + length) {
      guard entries[i] != 0 else { break }
      name.append(entries[i])
    }
    return name
  }

  public mutating func advance() { at = length > 0 ? at + length : end }

  /// Bytes of the record at `at`; 0 if it does not lie within what was read.
  private var length: Int {
    guard at >= 0, at + DirectoryStream.nameOffset < end else { return 0 }
    let length = Int(entries[at + 16]) | Int(entries[at + 17]) << 8
    return at + length <= end ? length : 0
  }
}
