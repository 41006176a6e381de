import Accounts
import Audit
import Encoding
import HostSystem
import Identity

/// What is written of the end of an account.
extension Record {
  /// Written while the name still resolves; `gone` follows when it does not any more.
  func leaseEnd(_ lease: Lease, _ report: TeardownReport) {
    let doubts = Record.doubts(lease, report)
    var message = "\(lease.name.text) (uid \(lease.uid)) is taken down: \(report.killed.count) processes ended, \(report.removed.all) files and objects removed, in \(report.milliseconds.all) ms"
    if !report.left.isEmpty { message += "; \(report.left.count) things left" }
    if !doubts.isEmpty { message += "; cleanliness not provable: " + doubts.joined(separator: "; ") }
    note(.leaseEnd, doubts.isEmpty ? .info : .notice, message, [
      .init("name", .string(lease.name.text)), .init("uid", .integer(Int64(lease.uid))),
      .init("sessions", .array(lease.history.sessions.map(\.json))), .init("sessions_in_all", .unsigned(lease.history.count)),
      .init("provable", .boolean(doubts.isEmpty)), .init("not_provable_because", .strings(doubts)), .init("report", report.json),
    ])
  }

  /// Why nobody can prove that nothing is left, whatever was found (DESIGN 4).
  private static func doubts(_ lease: Lease, _ report: TeardownReport) -> [String] {
    var doubts: [String] = []
    let groups = lease.history.rootEquivalentGroups
    if !groups.isEmpty { doubts.append("root-equivalent groups were granted: " + groups.map { Escape.visible($0, limit: 64) }.joined(separator: ", ")) }
    if report.killed.asRoot > 0 { doubts.append("\(report.killed.asRoot) of the person's processes ran as root") }
    if lease.history.isLost { doubts.append("the lease was lost, and with it who had the account and what was granted") }
    return doubts
  }

  /// The last line about a lease: what libc answers about its name and number now.
  func gone(_ lease: Lease, _ names: NameCheck) {
    let who = "\(lease.name.text) (uid \(lease.uid))"
    let (level, sentence): (SystemLog.Level, String) = switch names.finding {
    case .nothing: (.info, "\(who) is gone: NSS answers nothing")
    case .others: (.notice, "\(who) is gone: NSS answers of another source of this host")
    case .ours: (.warning, "\(who) is gone, but NSS still answers as if not: something on this host keeps old answers")
    case .unknown: (.warning, "\(who) is gone, but what NSS answers could not be found out")
    }
    var facts: [JSONValue.Member] = [
      .init("name", .string(lease.name.text)), .init("uid", .integer(Int64(lease.uid))), .init("nss", .string(names.finding.token)),
    ]
    if !names.answers.isEmpty { facts.append(.init("answers", .strings(names.answers.map { Escape.visible($0) }))) }
    note(.gone, level, sentence, facts)
  }
}
