internal import Encoding
internal import HostSystem

/// Which local accounts have a password that can be typed (passwd(5), shadow(5)); `passwd -S` calls them `P`.
struct HostPasswords {
  private let names: [String]

  init(_ files: HostFiles) throws(SystemError) {
    var fields: [(name: String, password: String)] = []
    for line in try files.lines("/etc/shadow") {
      let parts = line.parts(58)
      if parts.count >= 2 { fields.append((parts[0], parts[1])) }
    }
    // Without an `x` there, what stands in the file that all may read is what counts.
    for line in try files.lines("/etc/passwd") {
      let parts = line.parts(58)
      if parts.count == 7, !parts[1].isExactly("x") { fields.append((parts[0], parts[1])) }
    }
    names = fields.filter { field in !field.password.utf8.isEmpty && !["!", "*"].contains { field.password.begins(with: $0) } }.map { $0.name }
  }

  func contains(_ name: String) -> Bool { names.contains { $0.isExactly(name) } }
}
