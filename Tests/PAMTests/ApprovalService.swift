import Configuration
import Encoding
import Foundation
import HostSystem

/// The real policy endpoint with its desk for access requests, and the real relay, for a stage: alice is a developer who needs
/// an approval for this host.
final class ApprovalService: @unchecked Sendable {  // its processes are started and ended by one thread
  let stage: Stage
  let port: UInt16
  private let controlPort: UInt16
  private let endpoint: ChildProcess
  private let relay: ChildProcess
  private var isRelayRunning = true

  init(_ stage: Stage, approvalWait: UInt64 = 0, deadline: UInt64 = 1500) throws {
    self.stage = stage
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let python = ProcessInfo.processInfo.environment["SOJOURN_PYTHON"] ?? package + "/.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else { throw Stage.Failure(description: "no Python at \(python): `make venv` makes it") }
    try stage.write("directory.json", #"{"domains":["example.com"],"people":{"alice":{"role":"developer","department":"products","employment":"staff","hosts":["web"]}}}"#)
    let ready = stage.folder.appendingPathComponent("ready.json").path
    endpoint = try ChildProcess.start(python, ["-B", package + "/Tests/PolicyEndpoint/policy_endpoint", "--policies", package + "/Tests/PolicyEndpoint/policies", "--entities",
      stage.folder.appendingPathComponent("directory.json").path, "--port", "0", "--control-port", "0", "--ready-file", ready])
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: ready) { usleep(50_000) }
    let facts = try JSONValue.parse(Array(try Data(contentsOf: URL(fileURLWithPath: ready))))
    guard let port = UInt16(exactly: facts["port"]?.integer ?? 0), let control = UInt16(exactly: facts["control_port"]?.integer ?? 0) else {
      throw Stage.Failure(description: "the endpoint did not say where it is")
    }
    self.port = port
    controlPort = control
    try stage.publish(port: port, labels: [.init(name: "environment", value: "production"), .init(name: "role", value: "web")], approvalWait: approvalWait, deadline: deadline)
    let tests = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    relay = try ChildProcess.start(tests.deletingLastPathComponent().appendingPathComponent("RelayProbe").path,
      ["run/config.json", "run/addresses.json", "run/policy.sock", "run/approvals"].map { stage.folder.appendingPathComponent($0).path })
    for _ in 0..<1000 where !FileManager.default.fileExists(atPath: stage.folder.appendingPathComponent("run/policy.sock").path) { usleep(10_000) }
  }

  deinit {
    stopRelay()
    end(endpoint)
  }

  func stopRelay() {
    guard isRelayRunning else { return }
    isRelayRunning = false
    end(relay)
  }

  private func end(_ child: borrowing ChildProcess) {
    child.signal(.kill)
    while child.exitStatus() == nil { usleep(5000) }
  }

  /// One login of alice's with a certificate that nobody has seen before.
  func login(_ more: [String] = [], answers: String? = nil) throws -> Stage.Outcome {
    try stage.run(listed: true, "sshd", "alice", info: stage.certificate("alice"), more + (answers.map { ["-a", $0] } ?? []) + ["open_session"])
  }

  /// The tokens of the refusals that the daemon heard of since the last look.
  func takeTokens() -> [String] { stage.daemon.takeRequests().compactMap { if case .refused(let refused) = $0 { refused.token } else { nil } } }

  func forget() throws {
    let folder = stage.folder.appendingPathComponent("run/approvals")
    if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
  }
  var remembered: Int { ((try? FileManager.default.contentsOfDirectory(atPath: stage.folder.appendingPathComponent("run/approvals").path)) ?? []).count }

  // The other side

  func play(_ trick: String) throws { _ = try control("POST", "/trick", #"{"trick":"\#(trick)"}"#) }
  func tricks() throws -> [(name: String, stage: String)] {
    try control("GET", "/tricks", "").array?.compactMap { trick in trick["trick"]?.string.flatMap { name in trick["stage"]?.string.map { (name, $0) } } } ?? []
  }
  /// How many were waiting.
  @discardableResult
  func settle(_ verdict: String, seconds: Int = 3600) throws -> Int64 {
    try control("POST", "/requests", #"{"verdict":"\#(verdict)","seconds":\#(seconds)}"#)["settled"]?.integer ?? -1
  }
  func requests() throws -> [JSONValue] { try control("GET", "/requests", "").array ?? [] }

  private func control(_ method: String, _ path: String, _ body: String) throws -> JSONValue {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    process.arguments = ["-sf", "-m", "20", "-X", method, "http://127.0.0.1:\(controlPort)\(path)"] + (body.isEmpty ? [] : ["-H", "Content-Type: application/json", "-d", body])
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Stage.Failure(description: "\(method) \(path) \(body): \(process.terminationStatus)") }
    return try JSONValue.parse(Array(output))
  }
}
