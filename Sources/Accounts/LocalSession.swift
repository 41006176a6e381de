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

/// Their files: one a session, named by its id, because names of other sources may hold anything. Those that are over, and whose
/// processes are still being ended, stand in a directory of their own.
public struct LocalSessionFiles: Sendable {
  private let directory: String

  public init(directory: String) { self.directory = directory }

  public func write(_ local: LocalSession) throws(SystemError) {
    try SealedFile.write(directory + "/" + local.session.id + ".json", local.json)
  }

  public func remove(_ id: String) throws(SystemError) {
    do throws(SystemError) { try Files.remove(directory + "/" + id + ".json") } catch { if !error.isMissing { throw error } }
  }

  /// A damaged file stands for a session that nobody can tell any more: not whose, nor in which process.
  public enum Found: Sendable {
    case session(LocalSession)
    case damaged(file: String, reason: String)
  }

  /// What is half written goes; what is damaged is for the caller to say and to remove.
  /// - Throws: if nobody can say now which there are.
  public func all() throws(SystemError) -> [Found] {
    var found: [Found] = []
    for file in try Files.names(in: directory) {
      if file.hasSuffix(".json.new") {
        try? Files.remove(directory + "/" + file)
        continue
      }
      let json: JSONValue
      do throws(SealedFile.Damage) { json = try SealedFile.read(directory + "/" + file, cap: 1 << 20) } catch {
        if let passing = error.passing { throw passing }
        found.append(.damaged(file: file, reason: error.reason))
        continue
      }
      do throws(MemberError) {
        let local = try LocalSession(MemberReader(json))
        found.append(file == local.session.id + ".json" ? .session(local) : .damaged(file: file, reason: "it is about another session"))
      } catch { found.append(.damaged(file: file, reason: error.sentence)) }
    }
    return found
  }

  /// Those of one uid, for who only reads while another writes: what cannot be read is left out.
  /// - Throws: if nobody can say now which there are.
  func all(of uid: UInt32) throws(SystemError) -> [LocalSession] {
    var found: [LocalSession] = []
    for file in try Files.names(in: directory) where file.hasSuffix(".json") {
      guard let json = try? SealedFile.read(directory + "/" + file, cap: 1 << 20), let local = try? LocalSession(MemberReader(json)), local.uid == uid else { continue }
      found.append(local)
    }
    return found
  }

  public func remove(file: String) throws(SystemError) { try Files.remove(directory + "/" + file) }
}

extension LocalSession {
  init(_ read: MemberReader) throws(MemberError) {
    guard try read.integer("version") == 1 else { throw read.wrong("version", "unknown") }
    self.init(name: try read.string("name"), uid: try read.id("uid"), session: try Session(read.object("session")))
  }
}
