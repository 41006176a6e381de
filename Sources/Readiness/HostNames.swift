public import HostSystem
internal import Identity

/// /etc/passwd and /etc/group as text (passwd(5), group(5)). Not asked through NSS: these files are what an administrator
/// of this host wrote, and the answer must not depend on a source that hangs.
public struct HostNames: Sendable {
  public struct User: Sendable {
    public let name: String
    public let uid: UInt32
    public let gid: UInt32
    public let home: String
  }
  public struct Group: Sendable {
    public let name: String
    public let gid: UInt32
    public let members: [String]
  }

  public let users: [User]
  public let groups: [Group]

  public init(_ files: HostFiles) throws(SystemError) {
    var users: [User] = []
    for line in try files.lines("/etc/passwd") {
      let fields = line.parts(58)
      guard fields.count == 7, let uid = HostNames.id(fields[2]), let gid = HostNames.id(fields[3]) else { continue }
      users.append(User(name: fields[0], uid: uid, gid: gid, home: fields[5]))
    }
    var groups: [Group] = []
    for line in try files.lines("/etc/group") {
      let fields = line.parts(58)
      guard fields.count == 4, let gid = HostNames.id(fields[2]) else { continue }
      groups.append(Group(name: fields[0], gid: gid, members: fields[3].parts(44).filter { !$0.utf8.isEmpty }))
    }
    self.users = users
    self.groups = groups
  }

  public func group(_ name: String) -> Group? { groups.first { $0.name.utf8.elementsEqual(name.utf8) } }
  public func user(_ name: String) -> User? { users.first { $0.name.utf8.elementsEqual(name.utf8) } }

  /// A decimal id, leading zeros allowed as the C library allows them.
  static func id(_ text: String) -> UInt32? {
    guard let value = ProcessTable.decimal(Array(text.utf8)) else { return nil }
    return UInt32(exactly: value)
  }
}
