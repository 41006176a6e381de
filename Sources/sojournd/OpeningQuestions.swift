import Accounts
import DaemonProtocol
import Events
import HostSystem
import Identity

/// Whose turn it is to be asked about: the host's other sources of names say whether an opening's name and number are vacant.
extension Daemon {
  /// How many sources of names are asked at once, for as many names.
  static let questionsAtOnce = 32

  /// One question about a name at a time, and none while its last lease is being taken down.
  func advanceOpenings() {
    var busy = Set(openings.filter { $0.stage == .asking }.map(\.name.text))
    for opening in openings where opening.stage == .waiting {
      let name = opening.name.text
      if busy.count >= Daemon.questionsAtOnce { return }
      if busy.contains(name) || isEnding(opening.name) { continue }
      busy.insert(name)
      // Who comes many times at once is asked about once: the answer is younger than each of these logins.
      let together = openings.filter { $0.stage == .waiting && $0.asksTheSame(as: opening) }
      for one in together { one.stage = .asking }
      if together.count == 1, let expectation = takeExpectation(of: opening) {
        expectation.await(loop) { [weak self] output in
          guard let self, openings.contains(where: { $0 === opening }) else { return }
          let answer = VacancyAnswer(output, lease: leases[name] != nil, groups: opening.request.groups)
          if answer.refusal == nil, answer.speaks(ofAll: opening.request.groups), expectation.isUnchanged { settle(opening, answer) } else { ask(about: together) }
        }
      } else {
        ask(about: together)
      }
    }
  }

  private func ask(about together: [Opening]) {
    guard let opening = together.first else { return }
    let name = opening.name.text
    vacancy.ask(["name", name, String(opening.request.uid)] + opening.request.groups) { [weak self] outcome in
      guard let self else { return }
      // The first of them makes the lease.
      for one in together { settle(one, VacancyAnswer(outcome.status == 0 ? outcome.output : nil, lease: leases[name] != nil)) }
    }
  }

  func isEnding(_ name: AccountName) -> Bool { ends[name.text] != nil || leases[name.text]?.state == .draining }
}
