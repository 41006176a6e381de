internal import HostSystem
internal import Identity
internal import Synchronization

/// The first candidate that this process was told of. It stays the answer for its name and number as long as the process
/// lives, so that sshd and the PAM module inside it hear the same uid, whatever is claimed in between.
///
/// Static memory, filled once and then only read. Who comes while another thread is filling it waits for that copy of about
/// a kilobyte; a child forked in that very moment would wait for ever, so the wait is bounded.
enum Slot {
  private static let empty: UInt8 = 0
  private static let filling: UInt8 = 1
  private static let full: UInt8 = 2

  static func candidate(named name: AccountName) -> Candidate? {
    guard slotState.load(ordering: .acquiring) == full, let kept = unsafe slotContent, kept.account.line.name == name else { return nil }
    return kept
  }

  static func candidate(numbered uid: UInt32) -> Candidate? {
    guard slotState.load(ordering: .acquiring) == full, let kept = unsafe slotContent, kept.account.line.uid == uid else { return nil }
    return kept
  }

  /// Keeps the candidate if it is the first.
  /// - Returns: what this process says of that name from now on.
  static func keep(_ candidate: Candidate) -> Candidate {
    if slotState.compareExchange(expected: empty, desired: filling, ordering: .acquiring).exchanged {
      // SAFETY: only the one thread that made the state `filling` writes, and nobody reads before it is `full`.
      unsafe slotContent = candidate
      slotState.store(full, ordering: .releasing)
      return candidate
    }
    var patience = 1 << 20
    while patience > 0, slotState.load(ordering: .acquiring) == filling { patience -= 1 }
    return Slot.candidate(named: candidate.account.line.name) ?? candidate
  }
}

private let slotState = Atomic<UInt8>(0)
nonisolated(unsafe) private var slotContent: Candidate?
