internal import Configuration
internal import Credentials
internal import Encoding
internal import Readiness

extension SettingsReader {
  /// `[[ca]]`: every key with limits of its own.
  mutating func authorities(of tables: [Settings.AuthorityTable], _ files: HostFiles, _ subject: SubjectSource) -> [TrustedAuthority] {
    var authorities: [TrustedAuthority] = []
    for table in tables {
      for authority in authority(table, files, subject) {
        if let same = authorities.first(where: { $0.blob.elementsEqual(authority.blob) }) {
          fault(table.place, "ca.key: \(authority.file) holds a key that \(same.file) holds too; expected every key once")
        } else {
          authorities.append(authority)
        }
      }
    }
    return authorities
  }

  private mutating func authority(_ table: Settings.AuthorityTable, _ files: HostFiles, _ subject: SubjectSource) -> [TrustedAuthority] {
    let kind = authorityKind(table)
    let principals = principalPatterns(table)
    let subjects = subjectPatterns(table, subject)
    let lifetime = authorityLifetime(table)
    let networks = authorityNetworks(table)
    let attributes = authorityAttributes(table)
    guard let (path, place) = text(table, "key") else {
      if !table.entries.contains(where: { $0.name.isExactly("key") }) { fault(table.place, "ca.key is missing; expected \(ValueType.string.expected)") }
      return []
    }
    guard SafePath.isPlain(path) else {
      fault(place, "ca.key: '\(path)' is no plain absolute path")
      return []
    }
    do throws(AuthorityFile.Fault) {
      return try AuthorityFile.read(path, files).map {
        TrustedAuthority(blob: $0.blob, file: $0.file, kind: kind, principals: principals, subjects: subjects, maxLifetime: lifetime, networks: networks,
          attributes: attributes)
      }
    } catch {
      fault(place, "ca.key: \(error.sentence)")
      return []
    }
  }

  // MARK: The keys

  private mutating func authorityKind(_ table: Settings.AuthorityTable) -> SubjectKind {
    guard let (word, place) = text(table, "kind") else { return .user }
    if let kind = SubjectKind.allCases.first(where: { $0.text.isExactly(word) }) { return kind }
    let known = SubjectKind.allCases.map { $0.text }
    fault(place, "ca.kind: '\(word)' is not known; expected " + known.map { "\"\($0)\"" }.joined(separator: " or ") + Suggestion.text(for: word, among: known))
    return .user
  }

  private mutating func principalPatterns(_ table: Settings.AuthorityTable) -> [String] {
    guard let (patterns, place) = texts(table, "principals") else { return [] }
    if patterns.isEmpty { fault(place, "ca.principals is empty; expected patterns of login names such as \"deploy-*\", or no such key for every name") }
    for pattern in patterns where !SettingsReader.isLoginPattern(pattern) {
      fault(place, "ca.principals: '\(pattern)' is no pattern of a login name; expected printable letters without comma, with * and ? for any")
    }
    return patterns
  }

  /// Whoever limits the names that an authority lets in means whom it speaks for too; and that would stay open, because the
  /// subject is another field of the certificate than the names, unless it is the login name itself.
  private mutating func subjectPatterns(_ table: Settings.AuthorityTable, _ subject: SubjectSource) -> [String] {
    guard let (patterns, place) = texts(table, "subjects") else {
      func has(_ key: String) -> Bool { table.entries.contains { $0.name.isExactly(key) } }
      if case .principal = subject { return [] }
      if has("principals"), !has("subjects") {
        fault(table.place, "ca.subjects is missing; expected patterns of the subjects that this authority may speak for, such as \"spiffe://example.com/ci/*\","
          + " because ca.principals limits the login names only, or [\"*\"] for everybody")
      }
      return []
    }
    if patterns.isEmpty { fault(place, "ca.subjects is empty; expected patterns such as \"spiffe://example.com/ci/*\", or [\"*\"] for everybody") }
    for pattern in patterns where pattern.utf8.isEmpty || pattern.utf8.count > 256 || !pattern.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) {
      fault(place, "ca.subjects: '\(pattern)' is no pattern of a subject; expected 1 to 256 bytes without control characters, with * and ? for any")
    }
    return patterns
  }

  private mutating func authorityLifetime(_ table: Settings.AuthorityTable) -> UInt64? {
    guard let (text, place) = text(table, "max_lifetime"), !text.utf8.isEmpty else { return nil }
    let most: UInt64 = 30 * 86400
    guard let seconds = WrittenDuration.seconds(text) else {
      fault(place, "ca.max_lifetime: '\(text)' is no duration; expected \(ValueType.duration.expected)")
      return nil
    }
    guard seconds >= 1, seconds <= most else {
      fault(place, "ca.max_lifetime: \(text) is out of bounds; expected \(WrittenDuration.text(1)) to \(WrittenDuration.text(most))")
      return nil
    }
    return seconds
  }

  private mutating func authorityNetworks(_ table: Settings.AuthorityTable) -> [String] {
    guard let (networks, place) = texts(table, "networks") else { return [] }
    if networks.isEmpty { fault(place, "ca.networks is empty; expected ranges such as \"10.0.0.0/8\", or no such key for every address") }
    for network in networks where AddressRange(network.utf8) == nil {
      fault(place, "ca.networks: '\(network)' is no range of addresses; expected such as \"10.0.0.0/8\" or \"2001:db8::/32\", without a bit after the prefix")
    }
    return networks
  }

  private mutating func authorityAttributes(_ table: Settings.AuthorityTable) -> [TrustedAuthority.Attribute] {
    guard let entry = table.entries.first(where: { $0.name.isExactly("attributes") }) else { return [] }
    let place = Place(file: table.place.file, line: entry.line)
    guard case .table(let members) = entry.value else {
      fault(place, "ca.attributes is \(entry.value.kind); expected a table such as { roles = \"extension:teleport-roles:json:.roles\" }")
      return []
    }
    if members.count > 64 { fault(place, "ca.attributes has \(members.count) members; expected at most 64") }
    var attributes: [TrustedAuthority.Attribute] = []
    for member in members {
      guard case .string(let text) = member.value, let source = AttributeSource(name: member.name, text: text) else {
        fault(Place(file: table.place.file, line: member.line), "ca.attributes.\(member.name) cannot be read; expected \"extension:NAME:PARSER\" or"
          + " \"key-id:PARSER\", where the parser is string, csv, flag, json or json:.PATH")
        continue
      }
      attributes.append(TrustedAuthority.Attribute(name: source.name, source: source.text))
    }
    return attributes
  }

  // MARK: Typed values

  private mutating func text(_ table: Settings.AuthorityTable, _ name: String) -> (String, Place)? {
    guard let entry = table.entries.first(where: { $0.name.isExactly(name) }) else { return nil }
    let place = Place(file: table.place.file, line: entry.line)
    guard case .string(let text) = entry.value else {
      fault(place, "ca.\(name) is \(entry.value.kind); expected \(Schema.key("ca", name)?.type.expected ?? "a string")")
      return nil
    }
    return (text, place)
  }

  private mutating func texts(_ table: Settings.AuthorityTable, _ name: String) -> ([String], Place)? {
    guard let entry = table.entries.first(where: { $0.name.isExactly(name) }) else { return nil }
    let place = Place(file: table.place.file, line: entry.line)
    guard case .list(let nodes) = entry.value else {
      fault(place, "ca.\(name) is \(entry.value.kind); expected \(ValueType.strings.expected)")
      return nil
    }
    var texts: [String] = []
    for node in nodes {
      guard case .string(let text) = node else {
        fault(place, "ca.\(name) holds \(node.kind); expected \(ValueType.strings.expected)")
        return nil
      }
      texts.append(text)
    }
    return (texts, place)
  }
}
