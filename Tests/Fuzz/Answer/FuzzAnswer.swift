internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import Identity
internal import Policy

// What the policy endpoint says, under arbitrary bytes (libFuzzer). Build and run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-answer
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-answer -max_len=4096 -max_total_time=60
// A trap is a find by itself; what must hold of every yes, and of everything that is held, is a trap here too.

//
// The first byte chooses dialect and status (AuthZEN, or OPA's two forms); the others are the body.

@c(LLVMFuzzerTestOneInput)
public func fuzzAnswer(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call.
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  guard let choice = input.first else { return 0 }
  let bytes = Array(input.dropFirst())
  let form = Int(choice % 3)
  var transport = FixedAnswer(status: choice & 0x80 == 0 ? 200 : 404, body: bytes)
  let answer = PolicyClient.ask(question, rules: rules(form), host: HostFacts(id: "h", labels: [], candidatePrograms: []), through: &transport)
  switch answer.verdict {
  case .allowed(let grant): check(grant, answer, bytes, form)
  case .undefined(let user, let admin): precondition(isFit(user) && isFit(admin))
  case .denied(let user, let admin), .requestable(_, let user, let admin): for text in [user, admin] { precondition(isFit(text ?? "-")) }
  case .stepUp(let stepUp, let user, let admin):
    for text in [user, admin, stepUp.level] + stepUp.methods { precondition(isFit(text ?? "-")) }
    precondition(stepUp.level != nil || !stepUp.methods.isEmpty)
  case .unavailable(let failure): precondition(isFit(failure.detail))
  }
  check(answer.obligations, bytes, form)
  if let json = try? JSONValue.parse(bytes), let published = try? EndpointAddresses(json: json) {
    for entry in published.entries { for address in entry.addresses { precondition(AddressLiteral.isAddress(address)) } }
  }
  return 0
}

/// AuthZEN's answer within the body, as the form says.
private func opened(_ bytes: [UInt8], _ form: Int) -> JSONValue? {
  guard let json = try? JSONValue.parse(bytes) else { return nil }
  return form == 2 ? json["result"] : json
}

private func check(_ grant: Grant, _ answer: Answer, _ bytes: [UInt8], _ form: Int) {
  guard let json = opened(bytes, form), json["decision"]?.boolean == true else { preconditionFailure("a yes without one") }
  let demanded = json["context"]?["obligations"]
  precondition(answer.obligations.fault == nil && answer.obligations.stepUp == nil)
  precondition(demanded == nil || demanded?.array?.count == answer.obligations.list.count, "a yes with something undone")
  guard let range = UIDRange(first: 65536, last: 99999) else { preconditionFailure() }
  let accounts = AccountRules(names: ["*"], range: range, homeRoot: "/h", shell: "/bin/bash", skeleton: "/s", groups: ["a", "b", "sudo", "root"], rootEquivalentGroups: ["a"])
  guard let held = try? Ceilings.hold(grant, uid: 70000, accounts: accounts, session: SessionRules(maxDuration: 60, endWithCertificate: false)) else { return }
  precondition(grant.uid == nil || grant.uid == 70000)
  precondition(held.groups.allSatisfy { $0 == "a" || $0 == "b" } && Set(held.groups).count == held.groups.count)
  precondition(held.seconds > 0 && held.seconds <= 60 && held.shell.utf8.first == 47)
  precondition(held.reevaluateSeconds == grant.reevaluateSeconds && held.reevaluateSeconds != 0 && !grant.isRecorded, "a promise that nobody keeps")
}

/// Nothing is carried out that the answer does not demand.
private func check(_ obligations: Obligations, _ bytes: [UInt8], _ form: Int) {
  precondition(obligations.list.count <= 32 && isFit(obligations.fault ?? "-"))
  let demanded = opened(bytes, form)?["context"]?["obligations"]?.array ?? []
  precondition(demanded.count >= obligations.list.count + (obligations.stepUp == nil ? 0 : 1))
  for obligation in obligations.list {
    let isThere = demanded.contains { one in
      let properties = one["properties"]
      switch obligation {
      case .notification(let notification):
        return one["type"]?.string == "notification" && properties?["to"]?.string == notification.to && properties?["body"]?.string == notification.body
      case .sessionTermination(let subject): return one["type"]?.string == "session_termination" && properties?["subject"]?.string == subject
      }
    }
    precondition(isThere)
  }
}

/// Nothing that steers a terminal, and not for ever.
private func isFit(_ text: String) -> Bool {
  text.utf8.count <= 5000 && text.unicodeScalars.allSatisfy { $0.value >= 32 && !(0x7F..<0xA0).contains($0.value) && !(0x200B...0x200F).contains($0.value) }
}

private let question = Question(subjectID: "a", account: "a", login: LoginFacts(service: "sshd", tty: "", remote: ""),
  credential: CredentialFacts(kind: "ssh-cert", keyID: "a", serial: "1", keyFingerprint: "k", caFingerprint: "c", principals: ["a"], notBefore: 0, notAfter: 1),
  extensions: [], now: 0)
private func rules(_ form: Int) -> PolicyRules {
  let path = ["/", "/v0/data/a", "/v1/data/a"][form]
  return PolicyRules(endpoints: [PolicyEndpoint(url: "http://127.0.0.1:1" + path, host: "127.0.0.1", port: 1, isLiteral: true)], caFile: nil,
    clientCertificate: nil, clientKey: nil, tokenFile: nil, attributesIn: .subject, deadline: 1000, dialect: form == 0 ? .authzen : .opa)
}

private struct FixedAnswer: Transport {
  let status: Int
  let body: [UInt8]
  func milliseconds() -> Int64 { 0 }
  mutating func pause(milliseconds: Int64) {}
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String] { [] }
  mutating func token(file: String) throws(PolicyFailure) -> String { "" }
  mutating func post(_ request: HTTPRequest) -> HTTPReply {
    .answered(HTTPAnswer(status: status, contentType: "application/json", requestIDCount: 0, requestID: "", retryAfter: nil, body: body))
  }
}
