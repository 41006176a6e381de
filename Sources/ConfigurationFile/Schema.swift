/// Every key that a configuration may have: its type and its default. `docs/configuration.md` is checked against it.
struct SchemaKey: Sendable {
  let table: String
  let name: String
  let type: ValueType
  /// nil: it must be written.
  let standard: TOMLNode?

  var path: String { table + "." + name }
}

enum ValueType: Sendable {
  case string, strings, boolean, duration, range, labels

  var expected: String {
    switch self {
    case .string: "a string"
    case .strings: "a list of strings, such as [\"one\", \"two\"]"
    case .boolean: "true or false"
    case .duration: "a duration, such as \"90s\", \"5m\", \"12h\" or \"1d\""
    case .range: "a list of two whole numbers, such as [65536, 99999]"
    case .labels: "a table of strings, such as { role = \"database\" }"
    }
  }
}

enum Schema {
  static let tables = ["certificate", "policy", "host", "accounts", "session", "sudo", "break_glass"]

  /// Tables that may stand several times: `[[ca]]`.
  static let arrays = ["ca"]

  static let keys: [SchemaKey] = [
    key("certificate", "trusted_ca", .strings, nil),
    key("certificate", "revoked", .strings, .list([])),
    key("certificate", "max_lifetime", .duration, .string("12h")),
    key("certificate", "clock_skew", .duration, .string("30s")),
    key("certificate", "single_use", .boolean, .boolean(false)),
    key("certificate", "subject", .string, .string("key-id")),
    key("certificate", "workload_principals", .strings, .list([])),
    key("certificate", "workload_extension", .string, .string("")),

    key("ca", "key", .string, nil),
    key("ca", "kind", .string, .string("user")),
    key("ca", "principals", .strings, .list([])),
    key("ca", "subjects", .strings, .list([])),
    key("ca", "max_lifetime", .duration, .string("")),
    key("ca", "networks", .strings, .list([])),
    key("ca", "attributes", .labels, .table([])),

    key("policy", "endpoints", .strings, nil),
    key("policy", "dialect", .string, .string("authzen")),
    key("policy", "via", .string, .string("relay")),
    key("policy", "ca_file", .string, .string("")),
    key("policy", "client_certificate", .string, .string("")),
    key("policy", "client_key", .string, .string("")),
    key("policy", "token_file", .string, .string("")),
    key("policy", "attributes_in", .string, .string("subject")),
    key("policy", "deadline", .duration, .string("5s")),
    key("policy", "approval_wait", .duration, .string("0s")),

    key("host", "id", .string, .string("")),
    key("host", "labels", .labels, .table([])),
    key("host", "candidate_programs", .strings, .list([.string("/usr/sbin/sshd"), .string("/usr/lib/openssh/sshd-session")])),

    key("accounts", "names", .strings, .list([.string("*")])),
    key("accounts", "uid_range", .range, .list([.integer(65536), .integer(99999)])),
    key("accounts", "home_root", .string, .string("/var/lib/sojourn/home")),
    key("accounts", "shell", .string, .string("/bin/bash")),
    key("accounts", "skeleton", .string, .string("/etc/skel")),
    key("accounts", "groups", .strings, .list([])),
    key("accounts", "root_equivalent_groups", .strings, .list([])),

    key("session", "max_duration", .duration, .string("12h")),
    key("session", "reevaluate", .duration, .string("60s")),
    key("session", "when_unreachable", .string, .string("end after 5m")),
    key("session", "warn_before", .duration, .string("5m")),
    key("session", "end_with_certificate", .boolean, .boolean(false)),

    key("sudo", "arguments", .boolean, .boolean(false)),

    key("break_glass", "ca", .string, .string("")),
    key("break_glass", "names", .strings, .list([])),
    key("break_glass", "groups", .strings, .list([])),
    key("break_glass", "max_duration", .duration, .string("30m")),
  ]

  private static func key(_ table: String, _ name: String, _ type: ValueType, _ standard: TOMLNode?) -> SchemaKey {
    SchemaKey(table: table, name: name, type: type, standard: standard)
  }

  static func key(_ table: String, _ name: String) -> SchemaKey? {
    keys.first { $0.table.utf8.elementsEqual(table.utf8) && $0.name.utf8.elementsEqual(name.utf8) }
  }

  static func names(in table: String) -> [String] { keys.filter { $0.table.utf8.elementsEqual(table.utf8) }.map { $0.name } }
}
