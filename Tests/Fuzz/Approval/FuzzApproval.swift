@testable import Approvals
internal import DaemonProtocol
internal import Encoding
internal import Policy

// What an access request service says, and what relay and module say to each other about it, under arbitrary bytes
// (libFuzzer). Build and run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-approval
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-approval -max_len=4096 -max_total_time=60
// A trap is a find by itself; an approval that the bytes do not hold is a trap here too.
//
// The first byte chooses the status and whether a request or a look is answered; the others are the body.

@c(LLVMFuzzerTestOneInput)
public func fuzzApproval(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call.
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  let body = Array(input.dropFirst())
  let statuses = [200, 201, 202, 400, 404, 409, 410, 500]
  let answer = HTTPAnswer(status: statuses[Int(choice & 7)], contentType: choice & 8 == 0 ? "application/json" : "application/problem+json", requestIDCount: 0,
    requestID: "", retryAfter: nil, body: body)
  let json = try? JSONValue.parse(body)
  switch TaskAnswer.read(answer, isSubmission: choice & 16 == 0) {
  case .task(let state):
    precondition(isFit(state.words) && isFit(state.link) && (state.link.isEmpty || state.link.hasPrefix("https://")))
    if let (approval, until) = state.approval {
      guard let json, json["task"]?["status"]?.string == "approved", json["result"]?["mode"]?.string == "reevaluate",
        let written = approval["approved_until"]?.string, Timestamp.parse(written) == until
      else { preconditionFailure("an approval that nobody gave") }
    }
  case .problem(_, let detail), .unavailable(let detail, _), .broken(let detail): precondition(isFit(detail))
  }
  if let json, let denial = Denial(json) { precondition(isFit(denial.words) && (denial.evaluationID != nil || denial.bindingToken != nil)) }
  _ = try? RelayRequest(packet: body)
  _ = try? RelayReply(packet: body)
  return 0
}

/// Nothing that steers a terminal, and not for ever.
private func isFit(_ text: String) -> Bool {
  text.utf8.count <= 5000 && text.unicodeScalars.allSatisfy { $0.value >= 32 && !(0x7F..<0xA0).contains($0.value) && !(0x200B...0x200F).contains($0.value) }
}
