internal import CPlatform.System

/// One entry of an open directory, named by that directory and a name without a slash: no path of somebody else's
/// making is ever walked, and no link is ever followed (plumbing for removing and filling homes as root).
public struct DirectoryEntry: Sendable {
  let directory: CInt
  public let name: String

  /// The directory must stay open while the entry is used. nil if the name is no name of an entry.
  public init?(_ directory: borrowing FileDescriptor, _ name: String) {
    guard !name.utf8.isEmpty, !name.utf8.contains(47), !name.utf8.contains(0), !name.utf8.elementsEqual([46]), !name.utf8.elementsEqual([46, 46])
    else { return nil }
    self.directory = directory.raw
    self.name = name
  }

  /// The number of the directory's descriptor, for /proc/self/fd.
  public var directoryNumber: CInt { directory }

  public func facts() throws(SystemError) -> FileFacts { try Files.facts(name, at: directory) }

  /// Opens a directory or file, refusing links, magic links, mount points and anything outside (openat2(2)).
  public func open(_ kind: Kind) throws(SystemError) -> FileDescriptor {
    // SAFETY: the temporary C string lives across the call.
    let fd = unsafe sojourn_openat_beneath(directory, name, kind == .directory ? O_RDONLY | O_DIRECTORY : O_RDONLY | O_NONBLOCK)
    guard fd >= 0 else { throw .last("openat2") }
    return FileDescriptor(owning: fd)
  }
  public enum Kind: Sendable { case file, directory }

  public func create(mode: UInt32) throws(SystemError) -> FileDescriptor { try FileDescriptor.open(name, .create(mode), at: directory) }

  public func makeDirectory(mode: UInt32) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe mkdirat(directory, name, mode) == 0 else { throw .last("mkdirat") }
  }

  public func makeLink(to target: String) throws(SystemError) {
    // SAFETY: the temporary C strings live across the call.
    guard unsafe symlinkat(target, directory, name) == 0 else { throw .last("symlinkat") }
  }

  public func setLinkOwner(uid: UInt32, gid: UInt32) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 else { throw .last("fchownat") }
  }

  public func linkTarget() throws(SystemError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // SAFETY: the pointer is the array's own storage, whose count is passed.
    let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
      guard let base = bytes.baseAddress else { return 0 }
      return unsafe readlinkat(directory, name, base, bytes.count)
    }
    guard count >= 0 else { throw .last("readlinkat") }
    return Array(buffer.prefix(count))
  }

  public func remove() throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe unlinkat(directory, name, 0) == 0 else { throw .last("unlinkat") }
  }

  public func removeDirectory() throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe unlinkat(directory, name, AT_REMOVEDIR) == 0 else { throw .last("unlinkat") }
  }

  /// Moves it, never onto something (renameat2(2) with RENAME_NOREPLACE).
  public func move(to other: DirectoryEntry) throws(SystemError) {
    // SAFETY: the temporary C strings live across the call.
    guard unsafe sojourn_renameat_noreplace(directory, name, other.directory, other.name) == 0 else { throw .last("renameat2") }
  }

  /// Detaches what is mounted on it, without following it if it is a link (umount2(2)).
  public func unmount() throws(SystemError) {
    // SAFETY: the temporary C string lives across the call.
    guard unsafe sojourn_unmount("/proc/self/fd/\(directory)/" + name) == 0 else { throw .last("umount2") }
  }
}

extension FileDescriptor {
  /// Takes the immutable and append-only marks off (ioctl_iflags(2)); for directories and regular files only.
  public func clearImmutable() throws(SystemError) {
    guard sojourn_clear_immutable(raw) == 0 else { throw .last("ioctl") }
  }
}
