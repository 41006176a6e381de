internal import CPlatform.System

extension FileDescriptor {
  /// Makes a directory root's alone, whatever marks forbid it: rights are looked at again with each file that is made in it,
  /// also by who has it open, and the mode is the most that an access control list gives (acl(5)).
  public func takeFromOthers() {
    if fchmod(raw, 0o700) != 0 || fchown(raw, 0, 0) != 0 {
      _ = sojourn_clear_immutable(raw)
      _ = fchmod(raw, 0o700)
      _ = fchown(raw, 0, 0)
    }
  }
}

/// One entry of an open directory, named by that directory and a name without a slash: no path of somebody else's
/// making is ever walked, and no link is ever followed (plumbing for removing and filling homes as root).
/// Names are bytes: a file whose name is no UTF-8 can be made by anybody, and must be removable too.
public struct DirectoryEntry: Sendable {
  let directory: CInt
  /// The name, ending in a NUL.
  private let bytes: [CChar]

  /// The directory must stay open while the entry is used. nil if the name is no name of an entry.
  public init?(_ directory: borrowing FileDescriptor, bytes name: [UInt8]) {
    guard !name.isEmpty, !name.contains(47), !name.contains(0), !name.elementsEqual([46]), !name.elementsEqual([46, 46]) else { return nil }
    self.directory = directory.raw
    bytes = name.map { CChar(bitPattern: $0) } + [0]
  }

  public init?(_ directory: borrowing FileDescriptor, _ name: String) { self.init(directory, bytes: Array(name.utf8)) }

  /// For messages; what is no UTF-8 in it is replaced.
  public var name: String { String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }

  public func facts() throws(SystemError) -> FileFacts {
    var s = sojourn_stat()
    // SAFETY: the array ends in a NUL and lives across the call; `s` outlives it and is only filled.
    guard unsafe sojourn_fstatat(directory, bytes, &s) == 0 else { throw .last("stat") }
    return FileFacts(s)
  }

  /// Opens a directory or file, refusing links, magic links, mount points and anything outside (openat2(2)). A `path` is a
  /// place to ask `facts` of: nothing is opened, so neither a lease nor a mode holds it up, and a link stands for itself.
  public func open(_ kind: Kind) throws(SystemError) -> FileDescriptor {
    // SAFETY: the array ends in a NUL and lives across the call.
    let fd = unsafe sojourn_openat_beneath(directory, bytes, kind.flags)
    guard fd >= 0 else { throw .last("openat2") }
    return FileDescriptor(owning: fd)
  }
  public enum Kind: Sendable {
    case file, directory, path

    var flags: CInt {
      switch self {
      case .file: O_RDONLY | O_NONBLOCK
      case .directory: O_RDONLY | O_DIRECTORY
      case .path: sojourn_o_path
      }
    }
  }

  /// Takes the setuid and setgid bits off a regular file, and with it off every other name of the file.
  public func disarm() throws(SystemError) {
    let file = try open(.path)
    let facts = try file.facts()
    if facts.isRegular, facts.isSetID { try file.setModeOfPath(facts.permissions & 0o1777) }
  }

  public func create(mode: UInt32) throws(SystemError) -> FileDescriptor {
    let open = OpenMode.create(mode)
    // SAFETY: the array ends in a NUL and lives across the call.
    let fd = unsafe sojourn_openat(directory, bytes, open.flags, open.permissions)
    guard fd >= 0 else { throw .last("open") }
    return FileDescriptor(owning: fd)
  }

  public func makeDirectory(mode: UInt32) throws(SystemError) {
    // SAFETY: the array ends in a NUL and lives across the call.
    guard unsafe mkdirat(directory, bytes, mode) == 0 else { throw .last("mkdirat") }
  }

  /// - Parameter target: without a NUL (EINVAL).
  public func makeLink(to target: [UInt8]) throws(SystemError) {
    guard !target.contains(0) else { throw SystemError("symlinkat", code: EINVAL) }
    let text = target.map { CChar(bitPattern: $0) } + [0]
    // SAFETY: both arrays end in a NUL and live across the call.
    guard unsafe symlinkat(text, directory, bytes) == 0 else { throw .last("symlinkat") }
  }

  public func setLinkOwner(uid: UInt32, gid: UInt32) throws(SystemError) {
    // SAFETY: the array ends in a NUL and lives across the call.
    guard unsafe fchownat(directory, bytes, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 else { throw .last("fchownat") }
  }

  public func linkTarget() throws(SystemError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // SAFETY: the pointer is the buffer's own storage, whose count is passed; the name ends in a NUL.
    let count = unsafe buffer.withUnsafeMutableBytes { space -> Int in
      guard let base = space.baseAddress else { return 0 }
      return unsafe readlinkat(directory, bytes, base, space.count)
    }
    guard count >= 0 else { throw .last("readlinkat") }
    return Array(buffer.prefix(count))
  }

  public func remove() throws(SystemError) {
    // SAFETY: the array ends in a NUL and lives across the call.
    guard unsafe unlinkat(directory, bytes, 0) == 0 else { throw .last("unlinkat") }
  }

  public func removeDirectory() throws(SystemError) {
    // SAFETY: the array ends in a NUL and lives across the call.
    guard unsafe unlinkat(directory, bytes, AT_REMOVEDIR) == 0 else { throw .last("unlinkat") }
  }

  /// Moves it, never onto something (renameat2(2) with RENAME_NOREPLACE).
  public func move(to other: DirectoryEntry) throws(SystemError) {
    // SAFETY: both arrays end in a NUL and live across the call.
    guard unsafe sojourn_renameat_noreplace(directory, bytes, other.directory, other.bytes) == 0 else { throw .last("renameat2") }
  }

  /// Detaches what is mounted on it, without following it if it is a link (umount2(2)).
  public func unmount() throws(SystemError) {
    let path = "/proc/self/fd/\(directory)/".utf8.map { CChar(bitPattern: $0) } + bytes
    // SAFETY: the array ends in a NUL and lives across the call.
    guard unsafe sojourn_unmount(path) == 0 else { throw .last("umount2") }
  }

  /// Takes the immutable and append-only marks off it (ioctl_iflags(2)), as far as it has any.
  public func clearImmutable() throws(SystemError) {
    let facts = try open(.path).facts()
    guard facts.isDirectory || facts.isRegular else { return }
    let file = try open(facts.isDirectory ? .directory : .file)
    _ = sojourn_clear_immutable(file.raw)
  }

  /// The same for its directory, whose marks forbid its removal too: only if that is the owner's, or was made root's alone
  /// by us. What an administrator has marked stays marked.
  public func clearImmutableDirectory(of owner: UInt32?) {
    var s = sojourn_stat()
    // SAFETY: `s` outlives the call, which only fills it.
    guard unsafe sojourn_fstat(directory, &s) == 0 else { return }
    let facts = FileFacts(s)
    if facts.uid == owner || facts.uid == 0 && facts.permissions == 0o700 { _ = sojourn_clear_immutable(directory) }
  }
}
