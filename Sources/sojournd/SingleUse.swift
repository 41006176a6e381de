import Accounts
import Audit
import Configuration
import Credentials
import DaemonProtocol
import HostSystem

extension Daemon {
  /// Takes the one use of the certificate, if it has only one. What comes after may still fail: then it is spent, because
  /// who would give it back must be sure that nothing was opened.
  func takeUse(of request: OpenRequest, _ configuration: PublishedConfiguration) throws(OpeningFailure) {
    guard configuration.certificate.singleUse else { return }
    let credential = request.credential
    guard let use = CertificateUse(authority: credential.caFingerprint, serial: credential.serial, keyID: credential.keyID) else {
      throw OpeningFailure(refusal: .notWritten, detail: "the use of the certificate: it cannot be named")
    }
    let isFirst: Bool
    do throws(SystemError) { isFirst = try used.take(use, end: credential.notAfter) } catch {
      throw OpeningFailure(refusal: .notWritten, detail: "the use of the certificate: \(error.sentence)")
    }
    guard isFirst else { throw OpeningFailure(refusal: .alreadyUsed, detail: "serial \(use.serial)") }
  }

  /// Once an hour: certificates that have ended need not be remembered.
  func forgetUses() {
    do throws(SystemError) { try used.forget(before: Moment.now().unixSeconds) } catch {
      if !error.isMissing { record.note(.daemon, .warning, "uses of certificates that have ended cannot be removed: \(error.sentence)") }
    }
  }
}
