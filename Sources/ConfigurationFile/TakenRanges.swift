internal import Encoding
internal import HostSystem
internal import Identity
internal import Readiness

/// Numbers of this host that belong to others (T21): no uid of a transient account may be one of them.
enum TakenRanges {
  struct Taken {
    let first: UInt64
    let last: UInt64
    let whose: String
  }

  /// systemd's fixed ranges (its document UIDS-GIDS), the same on every host.
  static let fixed = [
    Taken(first: 60001, last: 60513, whose: "systemd-homed's users"),
    Taken(first: 60514, last: 60577, whose: "host users of containers"),
    Taken(first: 61184, last: 65519, whose: "systemd's DynamicUser services"),
    Taken(first: 65534, last: 65535, whose: "nobody and the invalid number"),
    Taken(first: 524_288, last: 1_879_048_191, whose: "containers of systemd-nspawn"),
  ]

  /// Sentences for every overlap of the range; at most `limit`, the rest is counted.
  static func overlaps(_ range: UIDRange, _ files: HostFiles, limit: Int = 5) -> [String] {
    var taken = fixed + login(files)
    do throws(SystemError) {
      let names = try HostNames(files)
      taken += names.users.map { Taken(first: UInt64($0.uid), last: UInt64($0.uid), whose: "the user \($0.name) in /etc/passwd") }
      taken += names.users.map { Taken(first: UInt64($0.gid), last: UInt64($0.gid), whose: "the primary group of \($0.name) in /etc/passwd") }
      taken += names.groups.map { Taken(first: UInt64($0.gid), last: UInt64($0.gid), whose: "the group \($0.name) in /etc/group") }
    } catch { return ["/etc/passwd and /etc/group cannot be read (\(error.sentence)), so nobody knows which numbers are free"] }
    taken += subordinate("/etc/subuid", files) + subordinate("/etc/subgid", files)
    let found = taken.filter { $0.first <= UInt64(range.last) && $0.last >= UInt64(range.first) }
    var sentences = found.prefix(limit).map { taken in
      let numbers = taken.first == taken.last ? "\(taken.first) belongs" : "\(taken.first) to \(taken.last) belong"
      return "\(numbers) to \(taken.whose)"
    }
    if found.count > limit { sentences.append("and \(found.count - limit) more") }
    return sentences
  }

  /// subuid(5): `name:first:count`.
  private static func subordinate(_ file: String, _ files: HostFiles) -> [Taken] {
    let lines: [String]
    do throws(SystemError) { lines = try files.lines(file) } catch { return [] }
    return lines.compactMap { line in
      let fields = line.parts(58)
      guard fields.count == 3, let first = ProcessTable.decimal(Array(fields[1].utf8)), let count = ProcessTable.decimal(Array(fields[2].utf8)), count > 0
      else { return nil }
      let (end, overflow) = first.addingReportingOverflow(count - 1)
      return Taken(first: first, last: overflow ? .max : end, whose: "the subordinate ids of \(fields[0]) in \(file)")
    }
  }

  /// login.defs(5): the ranges that useradd and groupadd take from, with shadow's own defaults for what is not said.
  private static func login(_ files: HostFiles) -> [Taken] {
    var values: [(name: String, value: UInt64)] = [
      ("UID_MIN", 1000), ("UID_MAX", 60000), ("GID_MIN", 1000), ("GID_MAX", 60000), ("SYS_UID_MIN", 101), ("SYS_UID_MAX", 999),
      ("SYS_GID_MIN", 101), ("SYS_GID_MAX", 999), ("SUB_UID_MIN", 100_000), ("SUB_UID_MAX", 600_100_000), ("SUB_GID_MIN", 100_000),
      ("SUB_GID_MAX", 600_100_000),
    ]
    let lines: [String]
    do throws(SystemError) { lines = try files.lines("/etc/login.defs") } catch { lines = [] }
    for line in lines {
      let words = line.utf8.split { $0 == 32 || $0 == 9 }.map { String(decoding: $0, as: UTF8.self) }
      guard words.count >= 2, let number = ProcessTable.decimal(Array(words[1].utf8)) else { continue }
      if let index = values.firstIndex(where: { $0.name.isExactly(words[0]) }) { values[index].value = number }
    }
    func value(_ name: String) -> UInt64 { values.first { $0.name.isExactly(name) }?.value ?? 0 }
    return ["UID", "GID", "SYS_UID", "SYS_GID", "SUB_UID", "SUB_GID"].compactMap { kind in
      let first = value(kind + "_MIN")
      let last = value(kind + "_MAX")
      return first <= last ? Taken(first: first, last: last, whose: "what useradd gives out (\(kind)_MIN, \(kind)_MAX in /etc/login.defs)") : nil
    }
  }
}
