/// By what a file is known to be another than before: replaced, written, or written and its times set back, which the
/// kernel's own time of the last change tells (stat(2), st_ctim).
public struct FileStamp: Sendable, Equatable {
  let device: UInt64
  let inode: UInt64
  let size: UInt64
  let modifiedSeconds: Int64
  let modifiedNanoseconds: Int64
  let changedSeconds: Int64
  let changedNanoseconds: Int64
}

extension FileFacts {
  public var stamp: FileStamp {
    FileStamp(device: device, inode: inode, size: size, modifiedSeconds: modified.seconds, modifiedNanoseconds: modified.nanoseconds,
      changedSeconds: changed.seconds, changedNanoseconds: changed.nanoseconds)
  }
}
