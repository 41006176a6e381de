import Configuration
import Encoding
import HostSystem

/// One way to ask, and the program that asks it as the module would.
struct Probe {
  var rules: PolicyRules
  var addresses = EndpointAddresses([])
  var accounts: AccountRules
  var session = SessionRules(maxDuration: 43200, endWithCertificate: false)
  var environment = ChildProcess.plainEnvironment
  /// Started before the probe, with the probe's command line at its end.
  var through: [String] = []
  /// Another copy of the probe.
  var program: String?
  var route: Route
  /// The relay that is asked, if not one for each `ask`.
  var house: RelayHouse?

  init(_ endpoints: [PolicyEndpoint], deadline: UInt64 = 5000, route: Route = .direct) throws {
    self.route = route
    rules = Fixtures.rules(endpoints, deadline: deadline)
    accounts = try Fixtures.accounts()
  }

  func ask(times: Int = 1) throws -> [Outcome] {
    let workshop = try Workshop()
    try publish(in: workshop)
    var command = through + [try program ?? Workshop.built("PolicyProbe"), workshop.file("config.json"), workshop.file("addresses.json"), "\(times)"]
    var relay: RelayHouse?
    if route == .relay {
      let there = try house ?? RelayHouse(self)
      relay = there
      command.append(there.socket)
    }
    defer { withExtendedLifetime(relay) {} }
    let ran = try ChildProcess.run(command[0], Array(command.dropFirst()), environment: environment,
      milliseconds: Int64(times) * Int64(rules.deadline) + 20_000, cap: 1 << 22)
    guard ran.status == 0, !ran.cutOff else {
      throw Broken("the probe ended with status \(ran.status): \(String(decoding: ran.output + ran.errors, as: UTF8.self))")
    }
    let outcomes = try ran.output.split(separator: 10).map { Outcome(json: try JSONValue.parse(Array($0))) }
    guard outcomes.count == times else { throw Broken("\(outcomes.count) outcomes of \(times)") }
    return outcomes
  }

  /// Configuration and addresses, as the daemon publishes them.
  func publish(in workshop: Workshop) throws {
    let configuration = PublishedConfiguration(
      certificate: CertificateRules(trusted: [], maxLifetime: 3600, clockSkew: 30, subject: .keyID), policy: rules, host: Fixtures.host,
      accounts: accounts, session: session)
    guard let published = configuration.json.text(), let known = addresses.json.text() else { throw Broken("no JSON") }
    try workshop.write("config.json", String(decoding: published, as: UTF8.self), mode: 0o644)
    try workshop.write("addresses.json", String(decoding: known, as: UTF8.self), mode: 0o644)
  }

  /// Starts a relay with the rules as they are now; all later questions go through it.
  mutating func moveIn() throws -> RelayHouse {
    let house = try RelayHouse(self)
    self.house = house
    route = .relay
    return house
  }

  func askOnce() throws -> Outcome {
    guard let outcome = try ask().first else { throw Broken("no outcome") }
    return outcome
  }

  struct Outcome {
    let json: JSONValue

    /// "held", the token of a ceiling, "denied", or the token of a failure.
    var word: String {
      guard let verdict = json["verdict"]?.string else { return "no verdict" }
      if verdict == "allowed" { return json["breach"]?.string ?? "held" }
      return verdict == "denied" || verdict == "step-up" ? verdict : json["token"]?.string ?? "no token"
    }
    var detail: String { json["detail"]?.string ?? "" }
    var user: String? { json["user"]?.string }
    var admin: String? { json["admin"]?.string }
    var groups: [String] { json["groups"]?.strings ?? [] }
    var seconds: Int64? { json["seconds"]?.integer }
    var requestID: String { json["request_id"]?.string ?? "" }
    var endpoint: String { json["endpoint"]?.string ?? "" }
    var milliseconds: Int64 { (json["microseconds"]?.integer ?? .max) / 1000 }
    var isSetuid: Bool { json["is_setuid"]?.boolean == true }
    func left(_ what: String) -> (before: JSONValue?, after: JSONValue?) { (json["before"]?[what], json["after"]?[what]) }
  }
}
