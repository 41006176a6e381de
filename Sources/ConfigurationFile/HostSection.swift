internal import Configuration
internal import Encoding
internal import HostSystem
internal import Readiness

extension SettingsReader {
  /// `[host]`.
  mutating func host(_ files: HostFiles) -> HostFacts {
    HostFacts(id: identity(files), labels: labels(), candidatePrograms: programs(files))
  }

  private mutating func identity(_ files: HostFiles) -> String {
    let id = string("host", "id")
    guard id.isSound else { return "" }
    guard id.value.utf8.isEmpty else {
      if id.value.utf8.count > 253 || !SettingsReader.isOneLine(id.value) { fault(id, "expected one line of at most 253 bytes") }
      return id.value
    }
    let name: String
    do throws(SystemError) { name = try files.lines("/proc/sys/kernel/hostname").first ?? "" } catch { name = "" }
    if name.utf8.isEmpty || !SettingsReader.isOneLine(name) { fault(id, "is empty and the machine has no usable host name; expected the name that the policy knows this host by") }
    return name
  }

  private mutating func labels() -> [HostFacts.Label] {
    let table = table("host", "labels")
    if table.value.count > 64 { fault(table, "holds \(table.value.count) labels; expected at most 64") }
    var labels: [HostFacts.Label] = []
    for entry in table.value {
      let place = Place(file: table.place.file, line: entry.line)
      guard case .string(let text) = entry.value else {
        fault(place, "host.labels.\(entry.name) is \(entry.value.kind); expected a string, such as \(entry.name) = \"yes\"")
        continue
      }
      guard !entry.name.utf8.isEmpty, entry.name.utf8.count <= 64, entry.name.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 34 && $0 != 92 }) else {
        fault(place, "host.labels: '\(entry.name)' is no name of a label; expected 1 to 64 printable letters without blanks")
        continue
      }
      guard text.utf8.count <= 256, SettingsReader.isOneLine(text) else {
        fault(place, "host.labels.\(entry.name): expected one line of at most 256 bytes")
        continue
      }
      labels.append(.init(name: entry.name, value: text))
    }
    return labels
  }

  private mutating func programs(_ files: HostFiles) -> [String] {
    let programs = strings("host", "candidate_programs")
    guard programs.isSound else { return [] }
    if programs.value.isEmpty || programs.value.count > 16 {
      fault(programs, "holds \(programs.value.count) programs; expected 1 to 16 absolute paths of SSH servers")
    }
    for path in programs.value {
      if !SafePath.isPlain(path) {
        fault(programs, "'\(path)' is no plain path; expected an absolute path without ':', ',' and blanks")
      } else if let found = files.resolve(path), !files.isTrusted(found.facts) || files.untrustedDirectory(above: found.path) != nil {
        fault(programs, "\(path) or a directory above it can be changed by others than root")
      }
    }
    if !programs.value.isEmpty, !programs.value.contains(where: { files.resolve($0) != nil }) {
      warn(programs, "none of \(programs.value.joined(separator: ", ")) is installed")
    }
    return programs.value
  }
}
