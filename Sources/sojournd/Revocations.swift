import Accounts
import Admission
import Audit
import Configuration
import Credentials
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity
import Readiness

/// What the daemon knows of the revocation lists.
struct RevocationWatch {
  /// A list's file as it was when it was last read; nil: it was missing.
  struct Stamp: Equatable {
    let path: String
    let file: FileStamp
  }

  /// nil: they are to be read, whatever they look like.
  var stamps: [Stamp?]?
  /// The published form as the last reading left it: another one in its place may be of older lists.
  var published: Stamp?
  var isPublishing = false
  /// Why nobody is let in; nil if the lists are in force.
  var problem: String?
}

extension Daemon {
  /// Once a second: has a list changed since it was published, or is what was published gone or another? Looking is two calls a list,
  /// on every kind of file system; the work is done by `sojourn apply`, in a process of its own.
  func lookAtRevocationLists() {
    guard let lists = configuration?.certificate.revoked, !lists.isEmpty else {
      revocations = RevocationWatch()
      return
    }
    guard !revocations.isPublishing else { return }
    let stamps = lists.map { stamp(of: $0) }
    let published = stamp(of: Places.revocations)
    guard stamps != revocations.stamps || published == nil || published != revocations.published else { return }
    // Taken before the lists are read: what changes during the reading is read again.
    revocations.stamps = stamps
    revocations.isPublishing = true
    Worker.start(loop, Places.commandLine, ["apply", "--revocations-only"], milliseconds: 60_000) { [weak self] outcome in
      guard let self else { return }
      revocations.isPublishing = false
      revocations.published = stamp(of: Places.revocations)
      switch outcome.status {
      case 0:
        record.note(.configuration, .info, "the revocation lists were read" + (revocations.problem == nil ? "" : ", and people are let in again"))
        revocations.problem = nil
        revocationListsChanged()
      case 1: refuseEverybody(Escape.sentence(String(decoding: outcome.errors, as: UTF8.self).trimmingLineEnd, limit: 1024))
      default: withdrawRevocations(outcome)
      }
    }
  }

  private func stamp(of list: String) -> RevocationWatch.Stamp? {
    guard let (path, facts) = HostFiles().resolve(list) else { return nil }
    return .init(path: path, file: facts.stamp)
  }

  private func refuseEverybody(_ reason: String) {
    if revocations.problem != reason { record.note(.configuration, .alert, "nobody is let in, because a revocation list cannot be used: \(reason)") }
    revocations.problem = reason
  }

  /// The reader came to no end: who is revoked now, nobody knows. Without the published form everybody is refused.
  private func withdrawRevocations(_ outcome: Worker.Outcome) {
    refuseEverybody("sojourn apply did not read it to its end: \(Escape.visible(outcome.errors, limit: 300))")
    do throws(SystemError) { try Files.remove(Places.revocations) } catch {
      if !error.isMissing { record.note(.configuration, .alert, "what was published of the revocation lists cannot be withdrawn: \(error.sentence)") }
    }
    // Not at once again, and not never: the tick would find the form missing every second.
    revocations.isPublishing = true
    loop.after(30_000) { [weak self] in
      self?.revocations.isPublishing = false
      self?.revocations.stamps = nil
    }
  }

  /// The lists in force are others than before: sessions whose certificate they name end, without a grace.
  private func revocationListsChanged() {
    guard let lists = configuration?.certificate.revoked, !lists.isEmpty else { return }
    let published = PublishedRevocations(lists)
    for id in Array(watches.keys) { endIfRevoked(id, published) }
  }

  /// A session that was opened while a new list was being published: the module may have looked into the old one.
  func endIfRevoked(_ id: String) {
    guard let lists = configuration?.certificate.revoked, !lists.isEmpty else { return }
    endIfRevoked(id, PublishedRevocations(lists))
  }

  private func endIfRevoked(_ id: String, _ lists: PublishedRevocations) {
    guard let watch = watches[id], watch.endReason == nil, let (_, session) = session(id), let subject = session.subject,
      let serial = UInt64(session.credential.serial)
    else { return }
    let certificate = RevocationSubject(key: subject.key, authority: subject.authority, serial: serial, keyID: Array(session.credential.keyID.utf8))
    do throws(RevocationFault) {
      if let reason = try lists.reason(certificate) { end(id, why: .revoked(reason)) }
    } catch {
      // Nobody new is let in; those who are in were decided when the lists could be read.
      refuseEverybody(Escape.sentence(error.detail, limit: 1024))
    }
  }
}

extension String {
  fileprivate var trimmingLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}
