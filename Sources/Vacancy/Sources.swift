internal import CPlatform.System
internal import HostSystem

/// The sources that /etc/nsswitch.conf names for a database, without Sojourn's own, asked one at a time and each for its
/// own status: glibc's merged answer hides a source that failed, and its single one says 0 for some that did (THREATS T5).
struct Sources {
  private let database: StaticString
  private let services: [String]
  /// Why nsswitch.conf could not be read; nil also if there is none.
  private let failure: SystemError?

  /// nsswitch.conf(5): `database: service [ACTION] service …`, where an action may stand right behind its service; the last
  /// line of a database counts; without one, glibc's default is `files`.
  init(of database: StaticString) {
    self.database = database
    var found: [String] = ["files"]
    var text: [UInt8] = []
    var failure: SystemError?
    do throws(SystemError) { text = try Files.read("/etc/nsswitch.conf", cap: 1 << 20) } catch {
      if !error.isMissing { failure = error }
    }
    for line in text.split(separator: 10) {
      let statement = line.prefix { $0 != UInt8(ascii: "#") }.drop { Sources.isSpace($0) }
      guard let colon = statement.firstIndex(of: UInt8(ascii: ":")) else { continue }
      var name = statement[..<colon]
      while let last = name.last, Sources.isSpace(last) { name.removeLast() }
      guard name.elementsEqual("\(database)".utf8) else { continue }
      found = Sources.services(in: statement[(colon + 1)...])
    }
    services = found
    self.failure = failure
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

  private static func services(in text: ArraySlice<UInt8>) -> [String] {
    var found: [String] = []
    var word: [UInt8] = []
    var inAction = false
    for byte in text + [32] {
      if !inAction, !isSpace(byte), byte != UInt8(ascii: "[") {
        word.append(byte)
        continue
      }
      if byte == UInt8(ascii: "[") { inAction = true } else if byte == UInt8(ascii: "]") { inAction = false }
      if !word.isEmpty, !word.elementsEqual("sojourn".utf8) { found.append(String(decoding: word, as: UTF8.self)) }
      word = []
    }
    return found
  }

  /// Brings their libraries in, and asks nothing.
  func load() {
    for service in services {
      // SAFETY: the temporary C string lives across the call.
      unsafe sojourn_source_load(service)
    }
  }

  func askUser(_ name: String?, _ uid: UInt32, _ answer: inout Answer) {
    if let failure { answer.line("failed nsswitch.conf \(failure.code)") }
    for service in services {
      var error: CInt = 0
      // SAFETY: the temporary C strings and `error` live across the calls.
      if let name { report(service, unsafe sojourn_source_user(service, name, 0, nil, &error), error, "user-name", &answer) }
      report(service, unsafe sojourn_source_user(service, nil, uid, nil, &error), error, "user-number", &answer)
    }
  }

  func askGroup(_ name: String?, _ gid: UInt32, _ answer: inout Answer) {
    if let failure { answer.line("failed nsswitch.conf \(failure.code)") }
    for service in services {
      var error: CInt = 0
      var found: UInt32 = 0
      // SAFETY: the temporary C strings, `found` and `error` live across the calls.
      if let name { report(service, unsafe sojourn_source_group(service, name, 0, &found, &error), error, "group-name", &answer) }
      report(service, unsafe sojourn_source_group(service, nil, gid, &found, &error), error, "group-number", &answer)
    }
  }

  /// Groups that some source already has this name in. That a source fails is seen by `askGroup`, which asks the same ones.
  func askMemberships(_ name: String, _ gid: UInt32, _ answer: inout Answer) {
    memberships(name, gid, most: 256, &answer) { other, service, answer in answer.line("right member of group \(other) (\(service))") }
  }

  /// The account as the first source has it that has it at all: `getpwnam(3)` without Sojourn's own.
  /// - Returns: its primary gid.
  func askAccount(_ name: String, _ answer: inout Answer) -> UInt32? {
    if let failure { answer.line("failed nsswitch.conf \(failure.code)") }
    for service in services {
      var error: CInt = 0
      var found: [UInt32] = [0, 0]
      // SAFETY: the temporary C strings, both numbers and `error` live across the call.
      switch unsafe sojourn_source_user(service, name, 0, &found, &error) {
      case CInt(sojourn_source_found):
        answer.line("account \(found[0]) \(found[1])")
        return found[1]
      case CInt(sojourn_source_no_answer): answer.line("failed \(service) \(error)")
      default: continue
      }
    }
    answer.line("no-account")
    return nil
  }

  /// The groups that an account of another source has there. Its primary group, which every source answers for, tells by the
  /// way which of them fail.
  func askGroups(of name: String, _ gid: UInt32, _ answer: inout Answer) {
    if let failure { answer.line("failed nsswitch.conf \(failure.code)") }
    for service in services {
      var error: CInt = 0
      var found: UInt32 = 0
      // SAFETY: the temporary C strings, `found` and `error` live across the call.
      if unsafe sojourn_source_group(service, nil, gid, &found, &error) == CInt(sojourn_source_no_answer) { answer.line("failed \(service) \(error)") }
    }
    answer.line("in \(gid)")
    memberships(name, gid, most: 65_536, &answer) { other, _, answer in answer.line("in \(other)") }
  }

  /// - Parameter most: the most groups that are looked at, of each source.
  private func memberships(_ name: String, _ gid: UInt32, most: Int, _ answer: inout Answer, _ found: (UInt32, String, inout Answer) -> Void) {
    for service in services {
      // An `initgroups:` line would be asked instead of `group:`, so that one is set too.
      // SAFETY: the temporary C strings and the array's storage live across the calls; the capacity is passed.
      guard unsafe sojourn_nss_use("group", service) == 0, unsafe sojourn_nss_use("initgroups", service) == 0 else {
        answer.line("failed \(service) \(sojourn_errno())")
        continue
      }
      var gids = [UInt32](repeating: 0, count: most)
      let count = unsafe gids.withUnsafeMutableBufferPointer { buffer -> CInt in
        guard let base = buffer.baseAddress else { return -1 }
        return unsafe sojourn_group_list(name, gid, base, CInt(clamping: buffer.count))
      }
      guard count >= 0 else {
        answer.line("failed \(service) \(sojourn_errno())")
        continue
      }
      for other in gids.prefix(Int(count)) where other != gid { found(other, service, &answer) }
    }
  }

  /// The gid of a group that may be granted: the first source that has it.
  func resolve(_ wanted: String, _ answer: inout Answer) {
    for service in services {
      var error: CInt = 0
      var gid: UInt32 = 0
      // SAFETY: the temporary C strings, `gid` and `error` live across the call.
      switch unsafe sojourn_source_group(service, wanted, 0, &gid, &error) {
      case CInt(sojourn_source_found):
        answer.line("group \(wanted) \(gid)")
        return
      case CInt(sojourn_source_no_answer):
        answer.line("failed \(service) \(error)")
        return
      default: continue
      }
    }
    answer.line("no-group \(wanted)")
  }

  /// A source that is named but not installed has no names.
  private func report(_ service: String, _ status: CInt, _ error: CInt, _ what: StaticString, _ answer: inout Answer) {
    if status == CInt(sojourn_source_found) {
      answer.line("\(what) \(service)")
    } else if status == CInt(sojourn_source_no_answer) {
      answer.line("failed \(service) \(error)")
    }
  }
}
