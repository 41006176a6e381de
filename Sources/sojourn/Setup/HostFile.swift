import CPlatform.System
import Encoding
import HostSystem
import Readiness

/// A file of the host as it was, or is to be: what stands in it, whose it is, and who may.
struct FileState {
  let bytes: [UInt8]
  let mode: UInt32
  let uid: UInt32
  let gid: UInt32

  /// Of root's.
  init(_ text: String, mode: UInt32 = 0o644) { self.init(Array(text.utf8), mode: mode, uid: 0, gid: 0) }

  init(_ bytes: [UInt8], mode: UInt32, uid: UInt32, gid: UInt32) {
    self.bytes = bytes
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }

  /// The same file with another text.
  func with(_ text: String) -> FileState { FileState(Array(text.utf8), mode: mode, uid: uid, gid: gid) }

  var text: String { String(decoding: bytes, as: UTF8.self) }
}

enum HostFile {
  /// nil if there is none; a link is followed.
  static func read(_ path: String) throws(SystemError) -> FileState? {
    let target = target(path)
    guard Files.exists(target) else { return nil }
    let facts = try Files.facts(target)
    guard facts.isRegular else { throw SystemError("open", code: EINVAL) }
    return FileState(try Files.read(target, cap: HostFiles.cap), mode: facts.permissions, uid: facts.uid, gid: facts.gid)
  }

  /// Whole, on the disk and in place before it returns; nil: nothing stands there any more. Where the path is a link, what it leads to
  /// is replaced, and the link stays.
  static func put(_ path: String, _ state: FileState?) throws(SystemError) {
    let target = target(path)
    guard let state else {
      if Files.exists(target) { try Files.remove(target) }
      return try Files.synchronizeDirectory(of: target)
    }
    let temporary = temporary(target)
    try? Files.remove(temporary)
    do throws(SystemError) {
      let file = try FileDescriptor.open(temporary, .create(0o600))
      try file.writeAll(state.bytes)
      try file.setOwner(uid: state.uid, gid: state.gid)
      try file.setMode(state.mode)
      try file.synchronize()
      try Files.move(temporary, to: target)
    } catch {
      try? Files.remove(temporary)
      throw error
    }
    try Files.synchronizeDirectory(of: target)
  }

  /// What a killed `put` left; no program that reads a folder of configuration takes that name.
  static func sweep(_ path: String) { try? Files.remove(temporary(target(path))) }

  private static func temporary(_ target: String) -> String { target + ".sojourn-new" }
  private static func target(_ path: String) -> String { HostFiles().resolve(path)?.path ?? path }
}
