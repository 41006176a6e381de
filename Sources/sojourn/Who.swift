import Accounts
import ArgumentParser
import Audit
import Encoding
import HostSystem
import Identity

struct Who: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say who had a uid or a name, also years later.",
    discussion: """
      A uid belongs to one name on this host for ever; who used that name, when, from where and by whose decision is in the \
      audit log and in what was rotated away from it, as long as that is kept. Times are UTC. Needs no daemon.

      Exit status: 0 somebody is named, 1 nobody is, 2 a part of the log cannot be read (the rest is shown).
      """)

  @Argument(help: "A uid, or an account's name.")
  var target: String

  @Option(help: ArgumentHelp("Only who had it then: 2026-11-21T10:04:17Z, '2026-11-21 10:04', or @SECONDS since 1970.", valueName: "time"))
  var at: String?

  @Flag(help: "One JSON object instead of text.")
  var json = false

  func validate() throws {
    guard !target.isEmpty, target.utf8.count <= 256, target.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw ValidationError("expected a uid or a name: printable letters without blanks")
    }
    if uid == nil, target.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) { throw ValidationError("no uid is that large") }
    if let at, GivenTime.seconds(at) == nil { throw ValidationError("expected a time like 2026-11-21T10:04:17Z, '2026-11-21 10:04' (UTC) or @1795255457") }
  }

  private var uid: UInt32? { UInt32(target) }

  func run() throws {
    try Terminal.requireRoot("sojourn who")
    let moment = at.flatMap { GivenTime.seconds($0) }
    let registered = try Registered(uid.map { .uid($0) } ?? .name(target))
    let archive = AuditArchive(log: Places.auditLog, spool: Places.auditSpool)
    var traces = SessionTraces(uid.map { .uid($0) } ?? .name(Escape.visible(target)))
    var page = json ? TracePage.json(registered) : TracePage.text(registered)
    try page.begin()
    var failure: (any Error)?
    func tell(_ session: SessionTrace) {
      guard moment.map({ session.mayHaveLived(at: $0) }) ?? true, failure == nil else { return }
      do { try page.add(session) } catch { failure = error }
    }
    archive.lines(with: (uid.map { .uid($0) } ?? SessionTraces.Whose.name(Escape.visible(target))).needle) { line in
      traces.take(line, tell)
      return failure == nil
    }
    traces.finish(tell)
    if let failure { throw failure }
    let known = Knowledge(archive, damaged: archive.damaged + traces.damaged, at: moment)
    try page.end(known)
    if !archive.gaps.isEmpty { throw Exit.unreadable }
    if page.count == 0 { throw Exit.refused }
  }
}

/// What the registry says: it keeps the name of a uid for ever.
struct Registered {
  enum Asked { case uid(UInt32), name(String) }

  let asked: Asked
  var pairs: [(uid: UInt32, name: AccountName)] = []
  /// Another source of the host had the number once: it is nobody's here.
  var isTaken = false

  init(_ asked: Asked) throws {
    self.asked = asked
    let registry = UIDRegistry(directory: Places.uids)
    do throws(SystemError) {
      switch asked {
      case .uid(let uid):
        switch try registry.holder(of: uid) {
        case .name(let name): pairs = [(uid, name)]
        case .taken: isTaken = true
        case .nobody: break
        }
      case .name(let text):
        guard let name = AccountName(text), Files.exists(Places.uids) else { return }
        for entry in try Files.names(in: Places.uids, cap: 100_000_000) {
          if let uid = UInt32(entry), try registry.holder(of: uid) == .name(name) { pairs.append((uid, name)) }
        }
      }
    } catch {
      Terminal.say("sojourn: the registry of uids cannot be read: \(error.sentence)")
      throw Exit.unreadable
    }
  }

  var sentence: String {
    if isTaken { return "That number is another source's of this host: it was never given to anybody by Sojourn." }
    guard let first = pairs.first else {
      switch asked {
      case .uid(let uid): return "uid \(uid) was never given to anybody by Sojourn; if a local account has it, its sessions follow."
      case .name(let name): return "\(Escape.visible(name)) never got a uid from Sojourn; if it is a local account, its sessions follow."
      }
    }
    return pairs.map { "uid \($0.uid)" }.joined(separator: " and ") + " \(pairs.count == 1 ? "is" : "are") \(first.name.text)'s on this host, for ever."
  }
}

/// How far the log tells.
struct Knowledge {
  /// Seconds since 1970; nil if there is no log.
  let beginning: UInt64?
  let damaged: UInt64
  let gaps: [String]
  let moment: UInt64?

  init(_ archive: AuditArchive, damaged: UInt64, at moment: UInt64?) {
    beginning = (try? JSONValue.parse(archive.beginning))?["time"]?.string.flatMap { Timestamp.parse($0) }
    self.damaged = damaged
    gaps = archive.gaps
    self.moment = moment
  }

  /// The moment that was asked about is before everything that is known.
  var isTooEarly: Bool { moment.map { $0 < beginning ?? .max } ?? false }

  var sentences: [String] {
    var all: [String] = []
    if let beginning {
      all.append("The log begins at \(Timestamp.text(beginning)): " + (isTooEarly ? "who had it at the time that was asked for is not known." : "what was before is not known."))
    } else {
      all.append("There is no audit log (\(Places.auditLog)): who had it is not known.")
    }
    if damaged > 0 { all.append("\(damaged) damaged \(damaged == 1 ? "line was" : "lines were") left out: sessions may be missing.") }
    return all + gaps.map { Escape.visible($0) + ": sessions may be missing." }
  }
}

/// A moment as people write it.
enum GivenTime {
  /// Seconds since 1970; nil if it is none.
  static func seconds(_ text: String) -> UInt64? {
    if text.hasPrefix("@") { return UInt64(text.dropFirst()).flatMap { $0 <= Timestamp.latest ? $0 : nil } }
    if let seconds = Timestamp.parse(text) { return seconds }
    // UTC, with a blank and perhaps without seconds.
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 5 || parts[1].utf8.count == 8 else { return nil }
    return Timestamp.parse(parts[0] + "T" + parts[1] + (parts[1].utf8.count == 5 ? ":00Z" : "Z"))
  }
}
