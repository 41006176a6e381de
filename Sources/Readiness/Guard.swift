internal import Encoding
internal import HostSystem

/// Can only root change a file, and the directories that lead to it? If not, which command mends it.
enum Guard {
  /// - Parameters:
  ///   - isSecret: nobody else may read it either.
  ///   - severity: of what is found.
  static func findings(_ kind: Finding.Kind, _ path: String, _ files: HostFiles, isSecret: Bool = false, severity: Finding.Severity = .problem) -> [Finding] {
    guard let found = files.resolve(path) else { return [] }
    var findings: [Finding] = []
    if let directory = files.untrustedDirectory(above: found.path) {
      findings.append(Finding(kind, severity, found.path, "can be replaced by others than root, because they can change \(directory)\(stated(directory, files))",
        remedy: command(directory, "go-w")))
    }
    let wrong: UInt32 = isSecret ? 0o077 : 0o022
    if found.facts.uid != files.owner || found.facts.permissions & wrong != 0 {
      findings.append(Finding(kind, severity, found.path, (isSecret ? "can be read or changed" : "can be changed") + " by others than root\(stated(found.path, files))",
        remedy: command(found.path, isSecret ? "go=" : "go-w")))
    }
    return findings
  }

  private static func stated(_ path: String, _ files: HostFiles) -> String {
    files.resolve(path).map { " (owner \($0.facts.uid), mode \(String($0.facts.permissions, radix: 8)))" } ?? ""
  }

  static func command(_ path: String, _ mode: String) -> String { "chown root:root '\(path)'; chmod \(mode) '\(path)'" }
}
