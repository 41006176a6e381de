import Configuration
import Encoding
import Foundation
import HostSystem

/// The real policy endpoint (Cedar), started for a test and ended with it.
final class EndpointProcess {
  let port: UInt16
  let controlPort: UInt16
  private let child: ChildProcess
  private let workshop: Workshop

  /// - Parameter rego: a folder of Rego policies, spoken to as OPA; nil: the demo's Cedar policies.
  init(_ more: [String] = [], rego: String? = nil) throws {
    workshop = try Workshop()
    let folder = Workshop.root + "/Tests/PolicyEndpoint"
    let engine = rego.map { ["--rego", $0] } ?? ["--policies", folder + "/policies", "--entities", folder + "/directory.json"]
    let ready = workshop.file("ready.json")
    child = try ChildProcess.start(try Workshop.python(),
      [folder + "/policy_endpoint"] + engine + ["--port", "0", "--control-port", "0",
        "--ready-file", ready, "--log", workshop.file("questions.jsonl")] + more)
    for _ in 0..<600 where !Files.exists(ready) { Pause.milliseconds(50) }
    let facts = try JSONValue.parse(try Files.read(ready, cap: 4096))
    guard let port = UInt16(exactly: facts["port"]?.integer ?? 0), let control = UInt16(exactly: facts["control_port"]?.integer ?? 0), port > 0, control > 0
    else { throw Broken("the endpoint did not say where it is") }
    self.port = port
    controlPort = control
  }

  deinit {
    child.signal(.terminate)
    for _ in 0..<100 where child.exitStatus() == nil { Pause.milliseconds(20) }
    if child.exitStatus() == nil { child.signal(.kill) }
  }

  /// By address, in the clear.
  var plain: PolicyEndpoint { endpoint(scheme: "http", host: "127.0.0.1") }

  func endpoint(scheme: String, host: String) -> PolicyEndpoint {
    PolicyEndpoint(url: "\(scheme)://\(host):\(port)/access/v1/evaluation", host: host, port: port, isLiteral: host.first?.isNumber == true)
  }

  /// The value of a rule by OPA's data API.
  func opa(_ route: String, _ path: String) -> PolicyEndpoint {
    PolicyEndpoint(url: "http://127.0.0.1:\(port)/\(route)/data/\(path)", host: "127.0.0.1", port: port, isLiteral: true)
  }

  /// Every way to misbehave that it knows.
  func modes() throws -> [String] {
    try control("GET", "/modes", "").array?.compactMap { $0["mode"]?.string } ?? []
  }

  func misbehave(_ mode: String, _ options: [JSONValue.Member] = []) throws {
    let body = JSONValue.object([.init("mode", .string(mode))] + options).text() ?? []
    _ = try control("POST", "/misbehave", String(decoding: body, as: UTF8.self))
  }

  private func control(_ method: String, _ path: String, _ body: String) throws -> JSONValue {
    let answer = try Loopback.exchange(port: controlPort, method: method, path: path, body: body)
    guard answer.hasPrefix("HTTP/1.1 200"), let end = answer.range(of: "\r\n\r\n") else { throw Broken("control: \(answer)") }
    return try JSONValue.parse(String(answer[end.upperBound...]).bytes)
  }

  /// The questions that were asked, as the endpoint logged them.
  func questions() throws -> [JSONValue] {
    try Files.read(workshop.file("questions.jsonl"), cap: 1 << 22).split(separator: 10).map { try JSONValue.parse(Array($0)) }
  }
}
