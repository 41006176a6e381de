internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import Identity
internal import Policy

// What the policy endpoint says, under arbitrary bytes (libFuzzer). Build and run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-answer
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-answer -max_len=4096 -max_total_time=60
// A trap is a find by itself; what must hold of every yes, and of everything that is held, is a trap here too.

@c(LLVMFuzzerTestOneInput)
public func fuzzAnswer(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  var transport = FixedAnswer(body: bytes)
  let answer = PolicyClient.ask(question, rules: rules, host: HostFacts(id: "h", labels: [], candidatePrograms: []), through: &transport)
  switch answer.verdict {
  case .allowed(let grant): check(grant, bytes)
  case .denied(let user, let admin): for text in [user, admin] { precondition(isFit(text ?? "-")) }
  case .unavailable(let failure): precondition(isFit(failure.detail))
  }
  if let json = try? JSONValue.parse(bytes), let published = try? EndpointAddresses(json: json) {
    for entry in published.entries { for address in entry.addresses { precondition(AddressLiteral.isAddress(address)) } }
  }
  return 0
}

private func check(_ grant: Grant, _ bytes: [UInt8]) {
  guard let json = try? JSONValue.parse(bytes), json["decision"]?.boolean == true else { preconditionFailure("a yes without one") }
  precondition(json["context"]?["obligations"]?.array?.isEmpty ?? true)
  guard let range = UIDRange(first: 65536, last: 99999) else { preconditionFailure() }
  let accounts = AccountRules(names: ["*"], range: range, homeRoot: "/h", shell: "/bin/bash", skeleton: "/s", groups: ["a", "b", "sudo", "root"], rootEquivalentGroups: ["a"])
  guard let held = try? Ceilings.hold(grant, uid: 70000, accounts: accounts, session: SessionRules(maxDuration: 60, endWithCertificate: false)) else { return }
  precondition(grant.uid == nil || grant.uid == 70000)
  precondition(held.groups.allSatisfy { $0 == "a" || $0 == "b" } && Set(held.groups).count == held.groups.count)
  precondition(held.seconds > 0 && held.seconds <= 60 && held.shell.utf8.first == 47)
}

/// Nothing that steers a terminal, and not for ever.
private func isFit(_ text: String) -> Bool {
  text.utf8.count <= 5000 && text.unicodeScalars.allSatisfy { $0.value >= 32 && !(0x7F..<0xA0).contains($0.value) && !(0x200B...0x200F).contains($0.value) }
}

private let question = Question(subjectID: "a", account: "a", login: LoginFacts(service: "sshd", tty: "", remote: ""),
  credential: CredentialFacts(kind: "ssh-cert", keyID: "a", serial: "1", keyFingerprint: "k", caFingerprint: "c", principals: ["a"], notBefore: 0, notAfter: 1),
  extensions: [], now: 0)
private let rules = PolicyRules(endpoints: [PolicyEndpoint(url: "http://127.0.0.1:1/", host: "127.0.0.1", port: 1, isLiteral: true)], caFile: nil,
  clientCertificate: nil, clientKey: nil, tokenFile: nil, attributesIn: .subject, deadline: 1000)

private struct FixedAnswer: Transport {
  let body: [UInt8]
  func milliseconds() -> Int64 { 0 }
  mutating func pause(milliseconds: Int64) {}
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String] { [] }
  mutating func token(file: String) throws(PolicyFailure) -> String { "" }
  mutating func post(_ request: HTTPRequest) -> HTTPReply {
    .answered(HTTPAnswer(status: 200, contentType: "application/json", requestIDCount: 0, requestID: "", retryAfter: nil, body: body))
  }
}
