@testable import Approvals
import Configuration
import DaemonProtocol
import Encoding
import Foundation
import HostSystem
import Identity
import Policy

/// An access request service that answers as a test says, a clock that a test moves, and tasks in a folder of its own.
final class Service {
  static let origin = "https://pdp.example:8443"
  static let requests = origin + "/access/v1/requests"
  static let status = requests + "/arq_1"
  static let now: UInt64 = 1_795_246_200  // 2026-11-21T07:30:00Z

  struct Heard {
    let method: String
    let url: String
    let body: JSONValue?
    let text: String
    let key: String?
    /// Milliseconds after the test began.
    let at: Int64
    let within: Int64
  }

  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-approvals-\(UUID().uuidString)").path
  /// Used up in this order; the last one stays.
  var answers: [HTTPReply] = []
  private(set) var heard: [Heard] = []
  private(set) var pauses: [Int64] = []
  var moment = Instant(milliseconds: 1_000_000, unixSeconds: Service.now)
  var random: UInt64 = 250  // the middle: pauses are as long as they are written down
  /// What a call takes.
  var latency: Int64 = 10
  var configuration = Service.configuration()

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var store: TaskStore { TaskStore(folder: folder) }

  func pass(milliseconds: Int64) {
    let before = moment.milliseconds / 1000
    moment.milliseconds += milliseconds
    moment.unixSeconds += UInt64(moment.milliseconds / 1000 - before)
  }

  /// One question, driven to its end.
  func ask(_ step: ApprovalRequest.Step, _ evaluation: JSONValue = Service.evaluation(), terms: JSONValue = Service.terms(), reason: String = "", wait: UInt64 = 0,
    attempt: UInt64 = 0) -> ApprovalReply {
    let request = ApprovalRequest(step, endpoint: Service.origin + "/access/v1/evaluation", evaluation: evaluation, terms: terms, reason: reason, milliseconds: wait,
      attempt: attempt)
    // As it goes over the socket.
    guard let packet = request.packet, let received = try? ApprovalRequest(packet: packet) else { return ApprovalReply("", detail: "not to be sent") }
    var approval = Approval(received, rules: configuration.policy, host: configuration.host.id, store: store, now: moment)
    for _ in 0..<1000 {
      switch approval.next(now: moment, random: random) {
      case .finished(let reply):
        guard let packet = reply.packet, let received = try? ApprovalReply(packet: packet) else { return ApprovalReply("", detail: "not to be answered") }
        return received
      case .pause(let time):
        pauses.append(time - moment.milliseconds)
        pass(milliseconds: time - moment.milliseconds)
      case .call(let call):
        let (method, bytes): (String, [UInt8]) = switch call.method {
        case .get: ("GET", [])
        case .post(let bytes): ("POST", bytes)
        }
        heard.append(Heard(method: method, url: call.target.url, body: try? JSONValue.parse(bytes), text: String(decoding: bytes, as: UTF8.self), key: call.idempotencyKey,
          at: moment.milliseconds - 1_000_000, within: call.until - moment.milliseconds))
        pass(milliseconds: latency)
        let answer = answers.first ?? .failed(.unreachable("nobody"))
        if answers.count > 1 { answers.removeFirst() }
        approval.take(answer, requestID: "id", now: moment, random: random)
      }
    }
    return ApprovalReply("", detail: "it never ends")
  }

  func takeHeard() -> [Heard] {
    defer { heard = [] }
    return heard
  }

  /// What is remembered, as it stands in the folder.
  var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }
  var remembered: String { files.first.flatMap { try? String(contentsOfFile: folder + "/" + $0, encoding: .utf8) } ?? "" }

  // MARK: What is said

  static func json(_ text: String) -> JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }

  static func evaluation(subject: String = "alice@example.com", host: String = "db1", serial: String = "41", group: String = "sre") -> JSONValue {
    json("""
      {"subject":{"type":"user","id":"\(subject)","properties":{"roles":["\(group)"]}},"action":{"name":"login","properties":{"service":"sshd","account":"alice"}},
      "resource":{"type":"host","id":"\(host)","properties":{"labels":{"environment":"production"}}},
      "context":{"time":"2026-11-21T07:30:00Z","source_ip":"192.0.2.7","credential":{"kind":"ssh-cert","serial":"\(serial)"}}}
      """)
  }

  /// The terms of a denial that can be asked about; `more` stands in `access_request`, `beside` next to it.
  static func terms(id: String = "eval_1", expires: String = "2026-11-21T07:40:00Z", endpoint: String? = Service.requests, more: String = "", beside: String = "") -> JSONValue {
    let address = endpoint.map { #","endpoint":"\#($0)""# } ?? ""
    return json("""
      {"evaluation_id":"\(id)","evaluated_at":"2026-11-21T07:30:00.123Z","reason":"approval_required"\(beside),
      "access_request":{"expires_at":"\(expires)","binding_token":"eyJ.\(id).sig","template":"manager_approval"\(address)\(more)}}
      """)
  }

  static func answer(_ status: Int, _ body: String, type: String? = "application/json", retryAfter: Int64? = nil) -> HTTPReply {
    .answered(HTTPAnswer(status: status, contentType: type, requestIDCount: 0, requestID: "", retryAfter: retryAfter, body: Array(body.utf8)))
  }

  static func problem(_ status: Int, _ name: String) -> HTTPReply {
    answer(status, #"{"type":"urn:openid:authzen:access-request:error:\#(name)","title":"t","status":\#(status),"detail":"d"}"#, type: "application/problem+json")
  }

  static func task(_ word: String = "pending", status: Int = 202, id: String = "arq_1", at url: String? = Service.status, more: String = "", result: String = "",
    retryAfter: Int64? = nil) -> HTTPReply {
    let address = url.map { #","status_endpoint":"\#($0)""# } ?? ""
    return answer(status, #"{"task":{"id":"\#(id)","status":"\#(word)"\#(address)\#(more)}\#(result)}"#, retryAfter: retryAfter)
  }

  static let ticket = #","links":{"ticket":"https://tickets.example/CHG-7","review":"https://pdp.example:8443/review/9","cancel":"https://pdp.example:8443/cancel/9"},"display":{"title":"Asked","description":"Your manager has been asked."}"#

  static let approvalText = #"{"id":"apr_1","approved_at":"2026-11-21T07:31:00Z","approved_until":"2026-11-21T09:30:00Z","state":{"n":[1,null,"é",-0.5],"t":"x y"}}"#
  static func approved(status: Int = 200, approval: String = Service.approvalText, mode: String = "reevaluate", id: String = "arq_1") -> HTTPReply {
    task("approved", status: status, id: id, result: #","result":{"mode":"\#(mode)","approval":\#(approval)}"#)
  }

  static func configuration(_ endpoints: [PolicyEndpoint] = [PolicyEndpoint(url: origin + "/access/v1/evaluation", host: "pdp.example", port: 8443, isLiteral: false)])
    -> PublishedConfiguration {
    PublishedConfiguration(
      certificate: CertificateRules(trusted: [], maxLifetime: 43200, clockSkew: 30, subject: .keyID),
      policy: PolicyRules(endpoints: endpoints, caFile: nil, clientCertificate: nil, clientKey: nil, tokenFile: nil, attributesIn: .subject, deadline: 5000),
      host: HostFacts(id: "db1", labels: [], candidatePrograms: []),
      accounts: AccountRules(names: ["*"], range: UIDRange(first: 65536, last: 99999)!, homeRoot: "/h", shell: "/bin/sh", skeleton: "/s", groups: [], rootEquivalentGroups: []),
      session: SessionRules(maxDuration: 3600, endWithCertificate: false))
  }
}

extension ApprovalReply {
  var approvalText: String? { approval?.text().map { String(decoding: $0, as: UTF8.self) } }
}

extension JSONValue {
  var string_: String { text(sorted: true).map { String(decoding: $0, as: UTF8.self) } ?? "" }
}
