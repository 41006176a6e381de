import ArgumentParser
import Configuration
import ConfigurationFile
import Credentials
import Encoding
import HostSystem
import Identity
import Readiness

/// What the host is to be set up with: what the admin gave, or what stands in /etc/sojourn already.
struct SetupInputs {
  /// Stands, and is kept as it is.
  private let standing: ConfigurationFiles?
  private let text: String
  /// The authority's key line, if a file is to be made of it.
  private let key: String
  private let command: Setup

  static let keyFile = "/etc/sojourn/user_ca.pub"
  static let templates = "/usr/share/sojourn"

  /// What is wished for: a configuration that was read and judged as the host's own is.
  struct Wish {
    let configuration: PublishedConfiguration
    /// To be written; nil: what is there stays.
    let text: String?
    let key: String?
    let fingerprints: [String]
    let notes: [String]
  }

  init(_ command: Setup, _ scratch: borrowing Scratch) throws {
    self.command = command
    guard !Files.exists(Places.configurationFile) else {
      standing = ConfigurationFiles.read()
      text = ""
      key = try command.ca.map { try SetupInputs.keyLine($0, scratch) } ?? ""
      return
    }
    standing = nil
    let isAsked = Terminal.hasPerson
    var missing: [String] = []
    func value(_ given: String?, _ option: String, _ question: String) -> String {
      if let given { return given }
      guard isAsked else {
        missing.append(option)
        return ""
      }
      Terminal.ask(question + ": ")
      return readLine() ?? ""
    }
    let standingKey = Files.exists(SetupInputs.keyFile) ? SetupInputs.keyFile : nil
    let ca = value(command.ca ?? standingKey, "--ca FILE", "Public key of the authority that signs users (a file, or the line 'ssh-ed25519 AAAA...')")
    let url = value(command.policy, "--policy URL", "Address of the policy endpoint (such as https://policy.example.com/access/v1/evaluation)")
    guard missing.isEmpty else {
      throw ValidationError("there is no \(Places.configurationFile), and nobody can be asked here; missing: \(missing.joined(separator: ", "))")
    }
    key = try SetupInputs.keyLine(ca, scratch)
    let template: FileState?
    do throws(SystemError) { template = try HostFile.read(SetupInputs.templates + "/sojourn.toml") } catch { throw SetupRefusal("\(SetupInputs.templates)/sojourn.toml: \(error.sentence)") }
    guard let template else { throw SetupRefusal("\(SetupInputs.templates)/sojourn.toml is missing", remedy: "install the package 'sojourn' again") }
    text = ConfigurationText.filled(template.text, command, url: url)
  }

  /// The key, alone and without options, as one line.
  private static func keyLine(_ given: String, _ scratch: borrowing Scratch) throws -> String {
    let isLine = given.begins(with: "ssh-") || given.begins(with: "ecdsa-") || given.begins(with: "sk-")
    let path = isLine ? try scratch.put("pasted.pub", given + "\n") : given
    // Judged here by the reader of certificates, and once more with the configuration.
    _ = try KeyFile.authorities([path])
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.read(path, cap: KeyFile.cap) } catch { throw SetupRefusal("\(path): \(error.sentence)") }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.allSatisfy { $0 == " " || $0 == "\t" || $0 == "\r" } }.joined(separator: "\n") + "\n"
  }

  /// - Throws: what is wrong, said line by line.
  func wish(_ scratch: borrowing Scratch) throws -> Wish {
    if let standing { return try standingWish(standing, scratch) }
    // The key is judged where only root could have put it; what is written names its place in /etc.
    let staged = try scratch.put("user_ca.pub", key)
    let judged = ConfigurationFiles.check(Array(ConfigurationText.put(text, "trusted_ca", "[\"\(staged)\"]").utf8))
    for problem in judged.problems { Terminal.say(problem.line) }
    guard let configuration = judged.configuration else { throw SetupRefusal("these values make no configuration that holds; nothing was changed") }
    let stands: FileState?
    do throws(SystemError) { stands = try HostFile.read(SetupInputs.keyFile) } catch { throw SetupRefusal("\(SetupInputs.keyFile): \(error.sentence)") }
    if stands != nil {
      let there = try KeyFile.authorities([SetupInputs.keyFile]).map { $0.blob }
      guard there.elementsEqual(configuration.certificate.trusted.map { $0.blob }) else {
        throw SetupRefusal("\(SetupInputs.keyFile) is there already, and holds another key", remedy: "see whose it is; move it away, or say --ca \(SetupInputs.keyFile)")
      }
    }
    return Wish(configuration: configuration, text: text, key: stands == nil ? key : nil, fingerprints: configuration.certificate.trusted.map { Fingerprint.text(of: $0.blob) }, notes: [])
  }

  /// What stands is kept; what was given must be what it says.
  private func standingWish(_ standing: ConfigurationFiles, _ scratch: borrowing Scratch) throws -> Wish {
    for problem in standing.problems { Terminal.say(problem.line) }
    guard let configuration = standing.configuration else {
      throw SetupRefusal("\(Places.configurationFile) stands already, is kept, and is not right", remedy: "correct the lines above, then run 'sojourn setup' again")
    }
    let remedy = "edit \(Places.configurationFile) and run 'sojourn apply', or move it away to have it made anew"
    func differs(_ what: String) -> SetupRefusal { SetupRefusal("\(Places.configurationFile) stands already, and \(what); it is never overwritten, and nothing was changed", remedy: remedy) }
    if command.ca != nil {
      let staged = try scratch.put("given.pub", key)
      for authority in try KeyFile.authorities([staged]) where !configuration.certificate.trusted.contains(where: { $0.blob.elementsEqual(authority.blob) }) {
        throw SetupRefusal("\(Places.configurationFile) stands already, and does not trust the key \(Fingerprint.text(of: authority.blob)); it is never overwritten, and nothing was changed",
          remedy: SetupInputs.remedy(for: configuration))
      }
    }
    let rules = configuration.policy
    if let url = command.policy, !rules.endpoints.contains(where: { $0.url.isExactly(url) }) { throw differs("asks another endpoint than \(url)") }
    if let dialect = command.dialect, !dialect.isExactly(rules.dialect == .opa ? "opa" : "authzen") { throw differs("has another dialect than \(dialect)") }
    let files: [(given: String?, stands: String?, option: String)] = [
      (command.policyCA, rules.caFile, "ca_file"), (command.clientCertificate, rules.clientCertificate, "client_certificate"),
      (command.clientKey, rules.clientKey, "client_key"), (command.tokenFile, rules.tokenFile, "token_file"),
    ]
    for file in files { if let given = file.given, !(file.stands?.isExactly(given) ?? false) { throw differs("has another \(file.option) than \(given)") } }
    for name in command.group where !configuration.accounts.groups.contains(where: { $0.isExactly(name) }) { throw differs("does not list the group \(name)") }
    for label in command.label {
      guard let (name, value) = SetupInputs.label(label), configuration.host.labels.contains(where: { $0.name.isExactly(name) && $0.value.isExactly(value) }) else { throw differs("lacks the label \(label)") }
    }
    return Wish(configuration: configuration, text: nil, key: nil, fingerprints: configuration.certificate.trusted.map { Fingerprint.text(of: $0.blob) },
      notes: ["\(Places.configurationFile) stands already and is kept."])
  }

  /// How one more authority is trusted. A file whose keys have limits is none to add it to, and neither is that of the emergency authority.
  private static func remedy(for configuration: PublishedConfiguration) -> String {
    let plain = configuration.certificate.trusted.first { $0.kind == .user && $0.principals.isEmpty && $0.subjects.isEmpty && $0.maxLifetime == nil && $0.networks.isEmpty && $0.attributes.isEmpty }
    guard let plain else { return "put the line into a file that trusted_ca names, then run 'sojourn setup' again" }
    return "add the line to \(plain.file), which trusted_ca names, then run 'sojourn setup' again"
  }

  static func label(_ text: String) -> (name: String, value: String)? {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }
}

/// The template of sojourn.toml with values in place; its comments stay.
enum ConfigurationText {
  static func filled(_ template: String, _ command: Setup, url: String) -> String {
    var text = put(template, "trusted_ca", "[\"\(SetupInputs.keyFile)\"]")
    text = put(text, "endpoints", "[\(quoted(url))]")
    if let dialect = command.dialect { text = put(text, "dialect", quoted(dialect)) }
    for (key, value) in [("ca_file", command.policyCA), ("client_certificate", command.clientCertificate), ("client_key", command.clientKey), ("token_file", command.tokenFile)] {
      if let value { text = put(text, key, quoted(value)) }
    }
    if !command.group.isEmpty { text = put(text, "groups", "[\(command.group.map { quoted($0) }.joined(separator: ", "))]") }
    let labels = command.label.compactMap { SetupInputs.label($0) }
    if !labels.isEmpty { text = put(text, "labels", "{ \(labels.map { "\(quoted($0.name)) = \(quoted($0.value))" }.joined(separator: ", ")) }") }
    return text
  }

  /// The first line that sets the key, or shows it in a comment, sets it to this.
  static func put(_ text: String, _ key: String, _ value: String) -> String {
    var lines = text.parts(10)
    if let at = lines.firstIndex(where: { $0.begins(with: key + " =") || $0.begins(with: "# " + key + " =") }) { lines[at] = "\(key) = \(value)" }
    return lines.joined(separator: "\n")
  }

  /// A basic string (TOML 1.0).
  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out.unicodeScalars.append(contentsOf: ["\\", scalar])
      case let other where other.value < 32 || other.value == 127: out += "\\u00" + (other.value < 16 ? "0" : "") + String(other.value, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
