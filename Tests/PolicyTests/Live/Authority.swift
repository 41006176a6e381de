import HostSystem

/// A certification authority of the test's own, made with openssl(1): files under its workshop.
final class Authority {
  let workshop: Workshop
  var certificate: String { workshop.file("ca.pem") }
  private var configuration: String { workshop.file("ca.cnf") }

  init(_ name: String = "Test CA") throws {
    workshop = try Workshop()
    try workshop.write("ca.cnf", """
      [ca]
      default_ca = here
      [here]
      new_certs_dir = \(workshop.path)
      database = \(workshop.path)/index
      serial = \(workshop.path)/serial
      default_md = sha256
      policy = any
      unique_subject = no
      copy_extensions = copy
      [any]
      commonName = supplied
      [req]
      distinguished_name = dn
      [dn]
      [authority]
      basicConstraints = critical,CA:TRUE
      keyUsage = critical,keyCertSign
      """)
    try workshop.write("index", "")
    try workshop.write("serial", "1000\n")
    try Authority.key(workshop.file("ca.key"))
    try Workshop.run("/usr/bin/openssl", ["req", "-x509", "-new", "-key", workshop.file("ca.key"), "-subj", "/CN=\(name)", "-days", "2",
      "-config", configuration, "-extensions", "authority", "-out", certificate])
  }

  static func key(_ path: String) throws {
    try Workshop.run("/usr/bin/openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path])
  }

  struct Pair {
    let certificate: String
    let key: String
  }

  /// - Parameter names: as subjectAltName has them, `DNS:…` or `IP:…`.
  /// - Parameter validity: openssl's dates; nil is yesterday to tomorrow, or so.
  func issue(_ file: String, names: String, validity: (from: String, to: String)? = nil) throws -> Pair {
    let pair = Pair(certificate: workshop.file(file + ".pem"), key: workshop.file(file + ".key"))
    try Authority.key(pair.key)
    try Workshop.run("/usr/bin/openssl", ["req", "-new", "-key", pair.key, "-subj", "/CN=\(file)", "-config", configuration, "-addext", "subjectAltName=\(names)",
      "-out", workshop.file(file + ".csr")])
    let dates = validity.map { ["-startdate", $0.from, "-enddate", $0.to] } ?? ["-days", "2"]
    try Workshop.run("/usr/bin/openssl", ["ca", "-batch", "-notext", "-config", configuration, "-cert", certificate, "-keyfile", workshop.file("ca.key"),
      "-in", workshop.file(file + ".csr"), "-out", pair.certificate] + dates)
    return pair
  }

  func selfSigned(_ file: String, names: String) throws -> Pair {
    let pair = Pair(certificate: workshop.file(file + ".pem"), key: workshop.file(file + ".key"))
    try Authority.key(pair.key)
    try Workshop.run("/usr/bin/openssl", ["req", "-x509", "-new", "-key", pair.key, "-subj", "/CN=\(file)", "-days", "2", "-config", configuration,
      "-addext", "subjectAltName=\(names)", "-out", pair.certificate])
    return pair
  }

  /// The key again, behind a passphrase.
  func locked(_ pair: Pair) throws -> String {
    try Workshop.run("/usr/bin/openssl", ["pkcs8", "-topk8", "-in", pair.key, "-passout", "pass:secret", "-out", pair.key + ".locked"])
    return pair.key + ".locked"
  }
}

extension EndpointProcess {
  convenience init(_ pair: Authority.Pair, clients: Authority? = nil) throws {
    try self.init(["--certificate", pair.certificate, "--key", pair.key] + (clients.map { ["--client-ca", $0.certificate] } ?? []))
  }
}
