internal import Configuration
internal import Encoding
internal import HostSystem
internal import Policy
internal import Readiness

extension SettingsReader {
  /// `[policy]`.
  mutating func policy(_ files: HostFiles) -> PolicyRules {
    let dialect = word("policy", "dialect", ["authzen", "opa"])
    let via = word("policy", "via", ["relay", "direct"])
    let wait = duration("policy", "approval_wait", from: 0, to: 90)  // sshd ends a login after 120 seconds (LoginGraceTime)
    let place = word("policy", "attributes_in", ["subject", "context"])
    let deadline = duration("policy", "deadline", from: 1, to: 60)
    let caFile = file("policy", "ca_file", holding: "-----BEGIN CERTIFICATE-----", secret: false, files)
    let certificate = file("policy", "client_certificate", holding: "-----BEGIN CERTIFICATE-----", secret: false, files)
    let key = file("policy", "client_key", holding: "PRIVATE KEY-----", secret: true, files)
    if certificate.value.utf8.isEmpty != key.value.utf8.isEmpty {
      let (there, missing) = key.value.utf8.isEmpty ? (certificate, "client_key") : (key, "client_certificate")
      fault(there, "needs \(missing) too: a certificate and its key are used together")
    }
    let token = file("policy", "token_file", holding: "", secret: true, files)
    let isOPA = dialect.value.isExactly("opa")
    return PolicyRules(endpoints: endpoints(isOPA: isOPA, files), caFile: set(caFile), clientCertificate: set(certificate), clientKey: set(key), tokenFile: set(token),
      attributesIn: place.value.isExactly("context") ? .context : .subject, deadline: deadline.value * 1000,
      dialect: isOPA ? .opa : .authzen, via: via.value.isExactly("direct") ? .direct : .relay,
      approvalWait: wait.value)
  }

  private func set(_ value: Value<String>) -> String? { value.value.utf8.isEmpty ? nil : value.value }

  private mutating func endpoints(isOPA: Bool, _ files: HostFiles) -> [PolicyEndpoint] {
    let urls = strings("policy", "endpoints")
    guard urls.isSound else { return [] }
    guard !urls.value.isEmpty, urls.value.count <= 8 else {
      fault(urls, "holds \(urls.value.count) addresses; expected 1 to 8, such as \"https://policy.example.com/access/v1/evaluation\"")
      return []
    }
    var endpoints: [PolicyEndpoint] = []
    for url in urls.value {
      do throws(EndpointAddress.Fault) {
        let endpoint = try EndpointAddress.read(url)
        if endpoint.socket.utf8.isEmpty { warnOfPort(endpoint, urls) } else { socket(endpoint.socket, urls, files) }
        endpoints.append(endpoint)
      } catch { fault(urls, error.sentence) }
    }
    if isOPA { checkRoutes(of: endpoints, urls) }
    return endpoints
  }

  /// A port of this host says nothing about who listens there: people who are let in are local users.
  private mutating func warnOfPort(_ endpoint: PolicyEndpoint, _ urls: Value<[String]>) {
    guard endpoint.url.begins(with: "http://"), endpoint.port >= 1024 else { return }
    warn(urls, "anybody who can run a program on this host may listen on port \(endpoint.port) while the policy endpoint does not, and would then decide who"
      + " gets in and hear the host's token; expected unix:/SOCKET:/PATH in a directory of the endpoint's own, or a port below 1024")
  }

  /// Whoever can put another socket in its place decides who gets in, and hears the host's token.
  private mutating func socket(_ path: String, _ urls: Value<[String]>, _ files: HostFiles) {
    let found = files.resolve(path)
    if let found, !found.facts.isSocket { return fault(urls, "\(path) is no socket") }
    if found == nil { warn(urls, "nothing is at \(path) yet: until somebody listens there, nobody gets in") }
    // Who listens there may be started later; then the directory says whose socket it will be.
    // A directory that is missing (a service makes its own in /run when it starts) is made by whoever may write the next one
    // above: that must be root alone.
    var standing = path
    while standing.utf8.count > 1, files.resolve(Files.parent(of: standing)) == nil { standing = Files.parent(of: standing) }
    let owner = found?.facts.uid ?? (standing.isExactly(path) ? files.resolve(Files.parent(of: path))?.facts.uid : nil)
    for place in [standing, found?.path ?? standing] {
      if let directory = files.untrustedDirectory(above: place, orOf: owner) {
        return fault(urls, "\(directory) can be changed by others than root and the owner of \(path)")
      }
    }
  }

  /// OPA's data API only, and one form of it: the same body is asked of every endpoint.
  private mutating func checkRoutes(of endpoints: [PolicyEndpoint], _ urls: Value<[String]>) {
    var forms: Set<String> = []
    for endpoint in endpoints {
      switch OPARoute(url: endpoint.url) {
      case nil: fault(urls, "'\(endpoint.url)' is no address of OPA's data API; expected a path such as /v0/data/sojourn/login/answer or /v1/data/…")
      case .bare: forms.insert("/v0/data/")
      case .wrapped: forms.insert("/v1/data/")
      }
    }
    if forms.count > 1 { fault(urls, "mixes /v0/data/ and /v1/data/; expected the same for all endpoints") }
  }

  /// A file that a login will open: it must be there, be root's, and hold what it is named for. "" is none.
  private mutating func file(_ table: String, _ name: String, holding mark: String, secret: Bool, _ files: HostFiles) -> Value<String> {
    let path = string(table, name)
    guard path.isSound, !path.value.utf8.isEmpty else { return path }
    guard SafePath.isPlain(path.value) else {
      fault(path, "'\(path.value)' is no plain absolute path")
      return path
    }
    guard let found = files.resolve(path.value) else {
      fault(path, "\(path.value) is missing")
      return path
    }
    guard found.facts.isRegular else {
      fault(path, "\(path.value) is no regular file")
      return path
    }
    guard files.isTrusted(found.facts), files.untrustedDirectory(above: found.path) == nil else {
      fault(path, "\(path.value) or a directory above it can be changed by others than root")
      return path
    }
    if secret, found.facts.permissions & 0o077 != 0 {
      fault(path, "\(path.value) can be read by others than root: 'chmod 600 \(path.value)'")
      return path
    }
    do throws(SystemError) {
      let bytes = try files.bytes(path.value)
      if mark.utf8.isEmpty {
        if TokenFile.token(in: bytes) == nil { fault(path, "\(path.value) does not hold one line with a bearer token (letters, digits and -._~+/, then = if need be)") }
      } else if !SettingsReader.contains(bytes, Array(mark.utf8)) {
        fault(path, "\(path.value) is no PEM file with \(mark.begins(with: "-") ? "a certificate" : "a private key")")
      } else if secret, SettingsReader.contains(bytes, Array("ENCRYPTED".utf8)) {
        fault(path, "\(path.value) is encrypted, and nobody is there to type its passphrase; expected a key without one")
      }
    } catch { fault(path, "\(path.value): \(error.sentence)") }
    return path
  }

  private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    guard bytes.count >= part.count else { return false }
    return (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
  }
}
