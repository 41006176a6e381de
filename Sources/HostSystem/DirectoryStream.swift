internal import CPlatform.System

/// Directory entries read with getdents64(2): no DIR, no lock, nothing that a fork could leave half done.
///
///     offset  size  linux_dirent64 (getdents(2))
///     0       8     inode
///     8       8     position of the next entry, for lseek
///     16      2     length of this record
///     18      1     type
///     19      …     name, NUL-terminated
public enum DirectoryStream {
  public static let nameOffset = 19

  /// All names; more than `cap` are an error (EFBIG).
  public static func names(of directory: borrowing FileDescriptor, cap: Int) throws(SystemError) -> [[UInt8]] {
    let names = try read(directory, stopAfter: cap)
    guard names.count <= cap else { throw SystemError("getdents64", code: EFBIG) }
    return names
  }

  /// Names from the present position on, until the end or until there are more than `limit` (then a few more).
  static func read(_ directory: borrowing FileDescriptor, stopAfter limit: Int, buffer: Int = 32768) throws(SystemError) -> [[UInt8]] {
    var names: [[UInt8]] = []
    try each(directory, buffer: buffer) { name in
      names.append(name)
      return names.count <= limit
    }
    return names
  }

  /// Every name from the present position on, however many there are, until `body` says false (then those that were read
  /// with it still come).
  /// - Parameter buffer: bytes that the kernel is asked for at once; an entry takes 24 and more.
  public static func each(_ directory: borrowing FileDescriptor, buffer: Int = 32768, _ body: ([UInt8]) -> Bool) throws(SystemError) {
    var goesOn = true
    var buffer = [UInt8](repeating: 0, count: max(buffer, 1024))
    while true {
      // SAFETY: the pointer is the array's own storage, whose count is passed.
      let got = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe sojourn_getdents(directory.raw, base, bytes.count)
      }
      guard got >= 0 else { throw .last("getdents64") }
      if got == 0 { return }
      var at = 0
      while at + nameOffset < got {
        let length = Int(buffer[at + 16]) | Int(buffer[at + 17]) << 8
        guard length > nameOffset, at + length <= got else { throw SystemError("getdents64", code: EIO) }
        let name = buffer[(at + nameOffset)..<(at + length)].prefix { $0 != 0 }
        at += length
        if name.elementsEqual([46]) || name.elementsEqual([46, 46]) { continue }
        if !body(Array(name)) { goesOn = false }
      }
      if !goesOn { return }
    }
  }
}

/// The first entries of a directory, for emptying it: read from the start each time, because removing entries moves the
/// rest, and in bites, because a directory may hold more names than there is memory for.
public enum DirectoryBite {
  /// The next ones, from where the last call ended; none at the end.
  public static func next(of directory: borrowing FileDescriptor, atMost limit: Int) throws(SystemError) -> [[UInt8]] {
    try DirectoryStream.read(directory, stopAfter: limit)
  }

  public static func names(of directory: borrowing FileDescriptor, atMost limit: Int) throws(SystemError) -> [[UInt8]] {
    guard lseek(directory.raw, 0, SEEK_SET) == 0 else { throw .last("lseek") }
    return try DirectoryStream.read(directory, stopAfter: limit)
  }
}
