public import HostSystem
public import Identity

/// What NSS and the gate shell read: leases as one-line files, renamed into place, by number before by name, withdrawn in
/// reverse (DESIGN 4). It can be thrown away and made again from the leases at any time.
public struct Projection: Sendable {
  private let root: String

  public init(root: String) { self.root = root }

  private static let directories = ["passwd", "passwd-uid", "group", "group-gid", "member", "shell"]

  /// Makes the directories; until they are there, NSS says "unavailable" and not "no such user".
  public func prepare() throws(SystemError) {
    try Files.makeDirectory(root, mode: 0o755)
    for directory in Projection.directories { try Files.makeDirectory(root + "/" + directory, mode: 0o755) }
  }

  /// Shows the lease as it is now.
  /// - Parameter marker: gid of the system group `sojourn`.
  public func show(_ lease: Lease, marker: UInt32) throws(SystemError) {
    let name = lease.name.text
    let user = "\(name):*:\(lease.uid):\(lease.uid):Sojourn transient account:\(lease.home):\(Places.gateShell)\n"
    let group = "\(name):*:\(lease.uid):\n"
    if let shell = lease.shell { try put("shell/\(lease.uid)", shell + "\n") }
    try put("member/" + name, Projection.line(lease.groups(marker: marker)))
    try put("group-gid/\(lease.uid)", group)
    try put("group/" + name, group)
    try put("passwd-uid/\(lease.uid)", user)
    try put("passwd/" + name, user)
  }

  /// Shows the groups that the sessions of another source's account were granted; nothing else of such an account is shown, so
  /// that its name and numbers stay that source's.
  /// - Parameter gids: of all its live sessions together; none: nothing is shown any more.
  public func showGroups(_ gids: Set<UInt32>, of name: AccountName) throws(SystemError) {
    if gids.isEmpty { try drop("member/" + name.text) } else { try put("member/" + name.text, Projection.line(gids.sorted())) }
  }

  private static func line(_ gids: [UInt32]) -> String { gids.map(String.init).joined(separator: ",") + "\n" }

  /// Takes back what lets new things start (its groups and its shell), while the name still resolves.
  public func withdrawRights(name: AccountName, uid: UInt32) throws(SystemError) {
    try drop("shell/\(uid)")
    try drop("member/" + name.text)
  }

  /// Takes back the name and the number: the last step of an end.
  public func withdraw(name: AccountName, uid: UInt32) throws(SystemError) {
    try withdrawRights(name: name, uid: uid)
    try drop("passwd/" + name.text)
    try drop("passwd-uid/\(uid)")
    try drop("group/" + name.text)
    try drop("group-gid/\(uid)")
  }

  /// Are all the directories there? (Somebody may have deleted them.)
  public var isWhole: Bool { Projection.directories.allSatisfy { Files.exists(root + "/" + $0) } }

  /// Names that are shown, whether there is a lease or not.
  public func names() throws(SystemError) -> [AccountName] {
    try Files.names(in: root + "/passwd").compactMap { AccountName($0) }
  }

  /// The uid and the home that a shown name has.
  public func account(of name: AccountName) -> (uid: UInt32, home: String)? {
    guard let line = try? Files.readTrusted(root + "/passwd/" + name.text, cap: PasswdLine.cap), let entry = PasswdLine(line.span), entry.name == name
    else { return nil }
    return (entry.uid, String(decoding: line[entry.home], as: UTF8.self))
  }

  /// Removes every file that belongs to none of these accounts, whatever it is called; the candidates are not accounts.
  /// - Parameter members: names of other sources' accounts whose sessions have groups.
  public func keepOnly(_ accounts: [(name: AccountName, uid: UInt32)], members: Set<String> = []) throws(SystemError) {
    let names = Set(accounts.map(\.name.text))
    let numbers = Set(accounts.map { String($0.uid) })
    for directory in ["member", "shell", "passwd", "passwd-uid", "group", "group-gid"] {
      let kept = directory == "member" ? names.union(members) : ["shell", "passwd-uid", "group-gid"].contains(directory) ? numbers : names
      for file in try Files.names(in: root + "/" + directory) where !kept.contains(file) { try drop(directory + "/" + file) }
    }
  }

  /// The rules by which sshd's NSS answers names that have no lease, or their withdrawal.
  public func publishCandidates(_ line: String) throws(SystemError) { try put("candidate", line) }
  public func withdrawCandidates() throws(SystemError) { try drop("candidate") }
  public var hasCandidates: Bool { Files.exists(root + "/candidate") }

  private func put(_ file: String, _ line: String) throws(SystemError) {
    try Files.replace(root + "/" + file, with: Array(line.utf8), mode: 0o644, durable: false)
  }

  private func drop(_ file: String) throws(SystemError) {
    do throws(SystemError) { try Files.remove(root + "/" + file) } catch { if !error.isMissing { throw error } }
  }
}
