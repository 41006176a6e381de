import Encoding
import HostSystem

/// One thing that setup changes on the host, with what was there before and what is to be: enough to show it, to do it, and to
/// take it back.
struct SetupStep {
  /// In the order in which they are done.
  enum Kind: String, CaseIterable {
    case group, shells, key, configuration, publication, nameServices = "name-services", profile, service, authorities, sshd

    /// In which they are taken back: logins lose sshd's and PAM's part before what these rely on.
    var undone: Int { Kind.undoing.firstIndex(of: self) ?? Kind.undoing.count }
    private static let undoing: [Kind] = [.sshd, .authorities, .profile, .nameServices, .service, .publication, .configuration, .key, .shells, .group]

    /// An undo leaves them, so that the next setup finds what the admin wrote; a setup that fails takes them back too.
    var stays: Bool { self == .key || self == .configuration || self == .publication }
  }

  /// What it is about, for people.
  var title: String {
    switch kind {
    case .group: "the group sojourn"
    case .publication: "the published configuration"
    case .profile: "the PAM lines of the profile sojourn"
    case .service: "the service sojournd"
    case .shells, .key, .configuration, .nameServices, .authorities, .sshd: files.map { $0.path }.joined(separator: ", ")
    }
  }

  struct File {
    let path: String
    let before: FileState?
    let after: FileState?
  }

  let kind: Kind
  var files: [File] = []
  /// The command that does it, for people; empty if only files are written.
  var command = ""
  /// sojournd was enabled, and ran, before.
  var wasEnabled = false
  var wasActive = false
  /// Of a setup that has not come to its end.
  var isPending = true

  init(_ kind: Kind, command: String = "", files: [File] = []) {
    self.kind = kind
    self.command = command
    self.files = files
  }
}

// MARK: In the journal

extension SetupStep {
  var json: JSONValue {
    .object([
      .init("kind", .string(kind.rawValue)), .init("pending", .boolean(isPending)), .init("command", .string(command)),
      .init("was_enabled", .boolean(wasEnabled)), .init("was_active", .boolean(wasActive)),
      .init("files", .array(files.map { file in
        .object([.init("path", .string(file.path)), .init("before", file.before?.json ?? .null), .init("after", file.after?.json ?? .null)])
      })),
    ])
  }

  /// nil if it is anything else.
  init?(json: JSONValue) {
    guard let kind = json["kind"]?.string.flatMap({ Kind(rawValue: $0) }), let isPending = json["pending"]?.boolean,
      let command = json["command"]?.string, let wasEnabled = json["was_enabled"]?.boolean, let wasActive = json["was_active"]?.boolean,
      let list = json["files"]?.array
    else { return nil }
    var files: [File] = []
    for entry in list {
      guard let path = entry["path"]?.string, let before = entry["before"], let after = entry["after"] else { return nil }
      guard let was = FileState.read(before), let is_ = FileState.read(after) else { return nil }
      files.append(File(path: path, before: was.state, after: is_.state))
    }
    self.init(kind, command: command, files: files)
    self.isPending = isPending
    self.wasEnabled = wasEnabled
    self.wasActive = wasActive
  }
}

extension FileState {
  fileprivate var json: JSONValue {
    .object([
      .init("bytes", .string(Base64.encode(bytes))), .init("mode", .integer(Int64(mode))), .init("uid", .integer(Int64(uid))),
      .init("gid", .integer(Int64(gid))),
    ])
  }

  /// A file that was not there is `null`; nil if it is neither.
  fileprivate static func read(_ json: JSONValue) -> (state: FileState?, Void)? {
    if case .null = json { return (nil, ()) }
    guard let text = json["bytes"]?.string.map({ Array($0.utf8) }), let bytes = Base64.decode(text.span, 0..<text.count),
      let mode = json["mode"]?.integer.flatMap({ UInt32(exactly: $0) }), let uid = json["uid"]?.integer.flatMap({ UInt32(exactly: $0) }),
      let gid = json["gid"]?.integer.flatMap({ UInt32(exactly: $0) })
    else { return nil }
    return (FileState(bytes, mode: mode, uid: uid, gid: gid), ())
  }
}
