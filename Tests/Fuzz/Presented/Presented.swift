internal import Credentials

// What people paste and what agents answer, of arbitrary bytes (libFuzzer). Run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-presented
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-presented -max_total_time=60 -max_len=70000
// Nobody who has no key can present anything: every proof is a refusal.

private let message = Array("sojourn-1 host=db1 user=alice service=login until=2026-01-01T04:02:00Z nonce=0\n".utf8)

@c(LLVMFuzzerTestOneInput)
public func fuzzPresented(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call.
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  prove { () throws(PresentationRefusal) in try UnverifiedSSHSignature(input) }
  prove { () throws(PresentationRefusal) in try PastedAnswer.read(input) }
  do throws(PresentationRefusal) {
    for identity in try AgentIdentity.list(input) {
      precondition(identity.certificate.blob.count < input.count)
      precondition(AgentQuestion.sign(message, with: identity) != nil)
      prove { () throws(PresentationRefusal) in try identity.signature(input) }
    }
  } catch { expectSentence(error) }
  return 0
}

private func prove(_ read: () throws(PresentationRefusal) -> UnverifiedSSHSignature) {
  do throws(PresentationRefusal) {
    let signature = try read()
    precondition(signature.publicKey.count <= UnverifiedSSHSignature.cap)
    _ = try Presentation.prove(signature, message: message)
    preconditionFailure("a certificate was presented without its key")
  } catch { expectSentence(error) }
}

/// Every refusal says why, in text that steers no terminal.
private func expectSentence(_ refusal: PresentationRefusal) {
  let text = switch refusal {
  case .form(let why), .signature(let why), .agent(let why): why
  case .plainKey(let type): type
  }
  precondition(!text.isEmpty && text.utf8.allSatisfy { $0 >= 32 && $0 < 127 })
}
