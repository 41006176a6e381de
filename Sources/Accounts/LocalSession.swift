internal import Encoding
public import HostSystem

/// A session of an account that exists anyway: decided and watched like any other, but nothing of the account is Sojourn's.
public struct LocalSession: Sendable {
  public let name: String
  public let uid: UInt32
  public var session: Session

  public init(name: String, uid: UInt32, session: Session) {
    self.name = name
    self.uid = uid
    self.session = session
  }

  var json: JSONValue {
    .object([.init("version", .integer(1)), .init("name", .string(name)), .init("uid", .integer(Int64(uid))), .init("session", session.json)])
  }
}

/// Their files: one a session, named by its id, because names of other sources may hold anything.
public struct LocalSessionFiles: Sendable {
  private let directory: String

  public init(directory: String) { self.directory = directory }

  public func write(_ local: LocalSession) throws(SystemError) {
    guard let text = local.json.text() else { throw SystemError("write", code: 12) }
    try Files.replace(directory + "/" + local.session.id + ".json", with: text, mode: 0o600, durable: false)
  }

  public func remove(_ id: String) throws(SystemError) {
    do throws(SystemError) { try Files.remove(directory + "/" + id + ".json") } catch { if !error.isMissing { throw error } }
  }

  /// Those that can be read; a damaged file is removed, because it stands for nothing that could be undone.
  public func all() throws(SystemError) -> [LocalSession] {
    var found: [LocalSession] = []
    for file in try Files.names(in: directory) {
      let path = directory + "/" + file
      guard let bytes = try? Files.readTrusted(path, cap: 1 << 20), let json = try? JSONValue.parse(bytes), let local = try? LocalSession(MemberReader(json))
      else {
        try? Files.remove(path)
        continue
      }
      found.append(local)
    }
    return found
  }
}

extension LocalSession {
  init(_ read: MemberReader) throws(MemberError) {
    guard try read.integer("version") == 1 else { throw read.wrong("version", "unknown") }
    self.init(name: try read.string("name"), uid: try read.id("uid"), session: try Session(read.object("session")))
  }
}
