internal import CPlatform.System

/// Room on a file system (statvfs(3)), as everybody but root has it.
public struct FileSystemSpace: Sendable {
  /// Bytes.
  public let size: UInt64
  public let free: UInt64
  /// Files that it can hold and can still take; both 0 where it does not count them.
  public let files: UInt64
  public let freeFiles: UInt64

  public init(size: UInt64, free: UInt64, files: UInt64, freeFiles: UInt64) {
    self.size = size
    self.free = free
    self.files = files
    self.freeFiles = freeFiles
  }

  /// Of the file system that the path is on.
  public static func of(_ path: String) throws(SystemError) -> FileSystemSpace {
    var space = sojourn_space()
    // SAFETY: the temporary C string lives across the call, and `space` outlives it.
    guard unsafe sojourn_space(path, &space) == 0 else { throw .last("statvfs") }
    return FileSystemSpace(size: space.size, free: space.free, files: space.files, freeFiles: space.free_files)
  }
}
