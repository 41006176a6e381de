internal import CPlatform.System

/// Directory entries by path: small, whole, and durable where it is said so.
public enum Files {
  /// What stands at the path itself; a link is a link (fstatat(2) with AT_SYMLINK_NOFOLLOW).
  public static func facts(_ path: String, at directory: CInt = FileDescriptor.workingDirectory) throws(SystemError) -> FileFacts {
    var s = sojourn_stat()
    // SAFETY: `s` outlives the call, which only fills it.
    guard unsafe sojourn_fstatat(directory, path, &s) == 0 else { throw .last("stat") }
    return FileFacts(s)
  }

  /// False only if it is certain that nothing stands there: what cannot be looked at is no reason to think a home gone, or
  /// a crontab never made.
  public static func exists(_ path: String) -> Bool {
    do throws(SystemError) { _ = try facts(path) } catch { return error.code != ENOENT && error.code != ENOTDIR }
    return true
  }

  /// The file's bytes, if it is a regular file of root's that nobody else can write and that is at most `cap` bytes long.
  public static func readTrusted(_ path: String, cap: Int) throws(SystemError) -> [UInt8] {
    let file = try FileDescriptor.open(path, .read)
    let facts = try file.facts()
    guard facts.isRegular, facts.isTrusted else { throw SystemError("open", code: EPERM) }
    return try file.readAll(cap: cap)
  }

  /// Any readable regular file, for what people hand to the command line.
  public static func read(_ path: String, cap: Int) throws(SystemError) -> [UInt8] {
    // SAFETY: the temporary C string lives across the call.
    let fd = unsafe sojourn_openat(AT_FDCWD, path, O_RDONLY, 0)
    guard fd >= 0 else { throw .last("open") }
    return try FileDescriptor(owning: fd).readAll(cap: cap)
  }

  /// Puts the whole file in place at once: written beside it under a name that nothing else uses, then renamed.
  /// - Parameter durable: on the disk, with its directory entry, before this returns.
  public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32, durable: Bool) throws(SystemError) {
    let temporary = path + ".new"
    do throws(SystemError) {
      let file = try made(temporary, mode)
      try file.setMode(mode)
      try file.writeAll(bytes)
      if durable { try file.synchronize() }
      try move(temporary, to: path)
    } catch {
      try? remove(temporary)
      throw error
    }
    if durable { try synchronizeDirectory(of: path) }
  }

  /// What stands there already was left by somebody who was broken off.
  private static func made(_ path: String, _ mode: UInt32) throws(SystemError) -> FileDescriptor {
    do throws(SystemError) { return try FileDescriptor.open(path, .create(mode)) } catch {
      guard error.code == EEXIST else { throw error }
    }
    try remove(path)
    return try FileDescriptor.open(path, .create(mode))
  }

  /// Makes a rename, link or removal in the path's directory survive a power cut (fsync(2) on the directory).
  public static func synchronizeDirectory(of path: String) throws(SystemError) {
    try FileDescriptor.open(parent(of: path), .directory).synchronize()
  }

  public static func parent(of path: String) -> String {
    let bytes = Array(path.utf8)
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
  }

  public static func remove(_ path: String) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe unlink(path) == 0 else { throw .last("unlink") }
  }

  public static func removeDirectory(_ path: String) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe rmdir(path) == 0 else { throw .last("rmdir") }
  }

  /// Makes a directory of root's with exactly these bits; one that stands is brought to them, if it is root's.
  public static func makeDirectory(_ path: String, mode: UInt32) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    if unsafe mkdir(path, mode) != 0 {
      let error = SystemError.last("mkdir")
      guard error.isExisting else { throw error }
    }
    let directory = try FileDescriptor.open(path, .directory)
    guard try directory.facts().uid == 0 else { throw SystemError("mkdir", code: EPERM) }
    try directory.setMode(mode)
  }

  /// A symbolic link's target (readlink(2)), at most 4095 bytes.
  public static func linkTarget(_ path: String) throws(SystemError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // SAFETY: the pointer is the array's own storage, whose count is passed.
    let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
      guard let base = bytes.baseAddress else { return 0 }
      return unsafe readlink(path, base, bytes.count)
    }
    guard count >= 0 else { throw .last("readlink") }
    return Array(buffer.prefix(count))
  }

  public static func link(_ path: String, to target: String) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe symlink(target, path) == 0 else { throw .last("symlink") }
  }

  public static func move(_ path: String, to other: String) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe sojourn_rename(path, other) == 0 else { throw .last("rename") }
  }

  /// The names in a directory of ours or the kernel's, without `.` and `..`; at most `cap` of them, more is an error (EFBIG).
  /// A name that is no UTF-8 comes out as one that is not there: what others filled is read by `DirectoryStream`.
  public static func names(in path: String, cap: Int = 1_000_000) throws(SystemError) -> [String] {
    let directory = try FileDescriptor.open(path, .directory)
    return try DirectoryStream.names(of: directory, cap: cap).map { String(decoding: $0, as: UTF8.self) }
  }
}
