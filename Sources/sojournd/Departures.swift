import Accounts
import Audit
import Encoding
import Events
import HostSystem
import Identity

/// What libc answers about a name and a number that were withdrawn.
struct NameCheck {
  enum Finding {
    case nothing
    /// Another source of the host has the name or the number by now.
    case others
    /// What was withdrawn, from somebody's cache.
    case ours
    /// A source did not answer in time, or the program that asks is missing.
    case unknown

    var token: String {
      switch self {
      case .nothing: "nothing"
      case .others: "another-source"
      case .ours: "still-answered"
      case .unknown: "unknown"
      }
    }
  }

  let finding: Finding
  let answers: [String]

  /// - Parameter outcome: of the program that asked; half an answer has no last line.
  init(_ outcome: Worker.Outcome, of lease: Lease) {
    var lines = outcome.output.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    let isWhole = outcome.status == 0 && lines.popLast().map { $0.isExactly("done") } == true
    lines = lines.filter { $0.hasPrefix(NameCheck.word) }.map { String($0.dropFirst(NameCheck.word.count)) }
    answers = Array(lines.prefix(8))
    if lines.contains(where: { $0.hasPrefix("\(lease.name.text):*:\(lease.uid):") }) {
      finding = .ours
    } else if !lines.isEmpty {
      finding = .others
    } else {
      finding = isWhole ? .nothing : .unknown
    }
  }

  private static let word = "answer "
}

extension Daemon {
  /// The evidence is written (`lease-end`): the name goes, then it is asked for, and the last line is written. The lease stays
  /// until that is done, so that a daemon which is killed meanwhile goes on here.
  func takeNameAway(_ name: AccountName) {
    guard let lease = leases[name.text] else { return }
    do throws(SystemError) { try projection.withdraw(name: name, uid: lease.uid) } catch {
      return endFailed(lease, "it cannot be withdrawn: \(error.sentence)", nil)
    }
    askNames(of: lease, again: 3) { [weak self] check in
      guard let self, let lease = leases[name.text] else { return }
      record.gone(lease, check)
      do throws(SystemError) { try leaseFiles.remove(name) } catch {
        return endFailed(lease, "its file cannot be removed: \(error.sentence)", nil)
      }
      lookForStrays(of: lease.uid, hadGroups: !lease.formerGroups.isEmpty)
      leases.removeValue(forKey: name.text)
      ends.removeValue(forKey: name.text)
      advanceOpenings()
      // What came in at the last moment, and runs as somebody who is no more.
      looks.latest?.expected.remove(lease.uid)
      loop.after(1000) { [weak self] in
        if self?.leases[name.text] == nil { self?.lookSoon() }
      }
    }
  }

  /// libc's own word, by a program that asks it as all others do: it may have to wait for a source, this loop may not.
  private func askNames(of lease: Lease, again: Int, _ done: @escaping (NameCheck) -> Void) {
    Worker.start(loop, Places.vacancy, ["answers", lease.name.text, String(lease.uid)], milliseconds: 5000) { [weak self] outcome in
      guard let self else { return }
      let check = NameCheck(outcome, of: lease)
      // Caches forget soon, if at all.
      guard check.finding == .ours, again > 0 else { return done(check) }
      loop.after(500) { [weak self] in self?.askNames(of: lease, again: again - 1, done) }
    }
  }
}
