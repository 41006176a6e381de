internal import CPlatform.System

/// An open descriptor that closes itself. All are close-on-exec: a module is a guest in processes that start others.
/// (Frozen because Embedded Swift allows `discard` only in such types.)
@frozen
public struct FileDescriptor: ~Copyable {
  public let raw: CInt

  /// Takes over a descriptor that the caller owns.
  public init(owning raw: CInt) { self.raw = raw }

  deinit { _ = close(raw) }

  /// Gives the descriptor up without closing it.
  public consuming func release() -> CInt {
    let number = raw
    discard self
    return number
  }
}

/// What `open` is for (open(2)).
public enum OpenMode: Sendable {
  case read
  /// What is there already: a control file of the kernel's, a terminal. Never waits.
  case write
  /// A directory, to read it or to work beneath it.
  case directory
  /// Created with these permission bits; fails if it exists.
  case create(UInt32)
  /// Written at its end, readable as well, created with these permission bits if missing.
  case append(UInt32)

  var flags: CInt {
    switch self {
    case .read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK
    case .write: O_WRONLY | O_NOFOLLOW | O_NONBLOCK
    case .directory: O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    case .create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
    case .append: O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW
    }
  }
  var permissions: UInt32 {
    switch self {
    case .create(let bits), .append(let bits): bits
    default: 0
    }
  }
}

/// Facts of an open file or a directory entry (stat(2)).
public struct FileFacts: Sendable {
  public let device: UInt64
  public let inode: UInt64
  /// Bytes.
  public let size: UInt64
  public let links: UInt64
  public let mode: UInt32
  public let uid: UInt32
  public let gid: UInt32
  /// The device that a device file stands for.
  public let special: UInt64
  /// Whole seconds and the nanoseconds after them, since 1970.
  public let modified: (seconds: Int64, nanoseconds: Int64)
  /// The same of the last change of contents, owner, mode or name, which no program can set.
  public let changed: (seconds: Int64, nanoseconds: Int64)

  public var isCharacterDevice: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFCHR) }
  public var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
  public var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
  public var isSocket: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFSOCK) }
  public var isLink: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFLNK) }
  public var permissions: UInt32 { mode & 0o7777 }
  public var isSetID: Bool { mode & 0o6000 != 0 }
  /// Root's, and nobody else can write it: what we may believe.
  public var isTrusted: Bool { uid == 0 && mode & 0o022 == 0 }

  init(_ s: sojourn_stat) {
    device = s.device
    inode = s.inode
    size = s.size
    links = s.links
    mode = s.mode
    uid = s.uid
    gid = s.gid
    special = s.special
    modified = (s.modified_seconds, s.modified_nanoseconds)
    changed = (s.changed_seconds, s.changed_nanoseconds)
  }
}

extension FileDescriptor {
  /// Paths are taken from the working directory (AT_FDCWD).
  public static var workingDirectory: CInt { AT_FDCWD }

  /// Opens without following a last link and without ever becoming a controlling terminal's owner.
  public static func open(_ path: String, _ mode: OpenMode, at directory: CInt = FileDescriptor.workingDirectory) throws(SystemError) -> FileDescriptor {
    // SAFETY: the temporary C string lives across the call.
    let fd = unsafe sojourn_openat(directory, path, mode.flags, mode.permissions)
    guard fd >= 0 else { throw .last("open") }
    return FileDescriptor(owning: fd)
  }

  public func facts() throws(SystemError) -> FileFacts {
    var s = sojourn_stat()
    // SAFETY: `s` outlives the call, which only fills it.
    guard unsafe sojourn_fstat(raw, &s) == 0 else { throw .last("fstat") }
    return FileFacts(s)
  }

  /// Reads to the end, at most `cap` bytes; a longer file is an error (EFBIG), never a cut.
  public func readAll(cap: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      // SAFETY: the buffer pointer is the array's own storage, valid for its count during the call.
      let got = unsafe chunk.withUnsafeMutableBufferPointer { unsafe read(raw, $0.baseAddress, $0.count) }
      if got < 0 {
        let error = SystemError.last("read")
        if error.isInterrupted { continue }
        throw error
      }
      if got == 0 { return bytes }
      guard bytes.count <= cap - got else { throw SystemError("read", code: EFBIG) }
      bytes.append(contentsOf: chunk.prefix(got))
    }
  }

  /// What one read(2) gives, put behind what is there.
  /// - Returns: how many bytes that were, at most `room`; 0 at the end.
  public func readOnce(_ room: Int, after bytes: inout [UInt8]) throws(SystemError) -> Int {
    let before = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: max(room, 0)))
    while true {
      // SAFETY: base + before stays inside the array's storage, and count - before is what is left of it.
      let got = unsafe bytes.withUnsafeMutableBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe read(raw, base + before, buffer.count - before)
      }
      if got < 0 {
        let error = SystemError.last("read")
        if error.isInterrupted { continue }
        bytes.removeLast(bytes.count - before)
        throw error
      }
      bytes.removeLast(bytes.count - before - got)
      return got
    }
  }

  /// Writes all of it or fails.
  public func writeAll(_ bytes: [UInt8]) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      // SAFETY: base + done stays inside the array's storage, and count - done is what is left of it.
      let put = unsafe bytes.withUnsafeBufferPointer { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe write(raw, base + done, buffer.count - done)
      }
      if put < 0 {
        let error = SystemError.last("write")
        if error.isInterrupted { continue }
        throw error
      }
      done += put
    }
  }

  /// Would a write not wait (poll(2))?
  public var isWritable: Bool { sojourn_is_writable(raw) != 0 }

  /// On the disk when it returns (fsync(2)).
  public func synchronize() throws(SystemError) {
    guard fsync(raw) == 0 else { throw .last("fsync") }
  }

  public func setMode(_ bits: UInt32) throws(SystemError) {
    guard fchmod(raw, bits) == 0 else { throw .last("fchmod") }
  }

  /// The same for a descriptor of a `path`, which fchmod(2) does not take.
  public func setModeOfPath(_ bits: UInt32) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe chmod("/proc/self/fd/\(raw)", bits) == 0 else { throw .last("chmod") }
  }

  public func setOwner(uid: UInt32, gid: UInt32) throws(SystemError) {
    guard fchown(raw, uid, gid) == 0 else { throw .last("fchown") }
  }

  public func truncate(to size: UInt64) throws(SystemError) {
    guard let length = Int(exactly: size), ftruncate(raw, length) == 0 else { throw .last("ftruncate") }
  }

  /// The byte before the end of a file of `size` bytes (pread(2)); nil for an empty file.
  public func lastByte(size: UInt64) throws(SystemError) -> UInt8? {
    guard size > 0, let offset = Int(exactly: size - 1) else { return nil }
    var byte: UInt8 = 0
    // SAFETY: one byte is read into one byte that outlives the call.
    guard unsafe pread(raw, &byte, 1, offset) == 1 else { throw .last("pread") }
    return byte
  }
}
