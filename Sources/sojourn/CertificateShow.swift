import ArgumentParser
import Credentials
import Encoding

struct CertificateShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what stands in a certificate.",
    discussion: "Nothing of it is verified. All that is no printable ASCII is shown as \\xNN. Times are UTC.")

  @Argument(help: "A certificate, such as id_ed25519-cert.pub.")
  var file: String

  @Flag(help: "One JSON object instead of lines.")
  var json = false

  func run() throws {
    let blob = try KeyFile.certificate(file)
    let fields: UnverifiedCertificate
    do throws(CertificateRefusal) { fields = try UnverifiedCertificate(blob) } catch {
      throw KeyFile.unreadable(file, error.rule == .type ? "no user certificate of a known type: " + error.detail : "no certificate: " + error.detail)
    }
    guard !json else { return try Terminal.printJSON(CertificateShow.json(fields)) }
    try Terminal.print("\(Escape.visible(file, limit: 256)):")
    try row("Type", "\(fields.type.name) \(CertificateShow.kind(fields)) certificate")
    try row("Public key", fields.keyFingerprint)
    try row("Signing CA", fields.authorityFingerprint)
    try row("Key ID", "\"\(CertificateShow.shown(fields.keyID))\"")
    try row("Serial", String(fields.serial))
    try row("Valid", "from \(CertificateShow.time(fields.validAfter)) to \(CertificateShow.time(fields.validBefore))")
    try list("Principals", fields.principals.map { CertificateShow.shown($0) })
    try list("Critical Options", fields.criticalOptions.map { CertificateShow.text($0) })
    try list("Extensions", fields.extensions.map { CertificateShow.text($0) })
  }

  private func row(_ name: String, _ value: String) throws { try Terminal.print("        \(name):" + (value.isEmpty ? "" : " " + value)) }

  private func list(_ name: String, _ values: [String]) throws {
    try row(name, values.isEmpty ? "(none)" : "")
    for value in values { try Terminal.print("                \(value)") }
  }

  /// Whole: what would be cut off might be what matters.
  private static func shown(_ bytes: [UInt8]) -> String { Escape.visible(bytes, limit: .max) }

  private static func kind(_ fields: UnverifiedCertificate) -> String { fields.kind == 1 ? "user" : fields.kind == 2 ? "host" : "unknown (\(fields.kind))" }

  /// The largest number stands for "for ever", and so does what lies after the year 9999.
  private static func time(_ seconds: UInt64) -> String { seconds > Timestamp.latest ? "for ever" : Timestamp.text(seconds) }

  private static func value(_ option: CertificateOption) -> String? {
    if option.data.isEmpty { return nil }
    return option.nested.map { shown($0) } ?? "(not one string:) " + shown(option.data)
  }

  private static func text(_ option: CertificateOption) -> String { shown(option.nameBytes) + (value(option).map { " " + $0 } ?? "") }

  private static func json(_ fields: UnverifiedCertificate) -> JSONValue {
    func options(_ options: [CertificateOption]) -> JSONValue {
      .array(options.map { .object([.init("name", .string(shown($0.nameBytes))), .init("value", value($0).map { JSONValue.string($0) } ?? .null)]) })
    }
    return .object([
      .init("version", .integer(1)), .init("type", .string("\(fields.type.name)")), .init("kind", .string(kind(fields))),
      .init("key_fp", .string(fields.keyFingerprint)), .init("ca_fp", .string(fields.authorityFingerprint)), .init("key_id", .string(shown(fields.keyID))),
      .init("serial", .string(String(fields.serial))), .init("not_before", .string(time(fields.validAfter))),
      .init("not_after", .string(time(fields.validBefore))), .init("principals", .strings(fields.principals.map { shown($0) })),
      .init("critical_options", options(fields.criticalOptions)), .init("extensions", options(fields.extensions)),
    ])
  }
}
