internal import CPlatform.System
internal import HostSystem

/// The sources that /etc/nsswitch.conf names for a database, without Sojourn's own, asked one at a time: only so is it
/// seen that one of them failed (glibc's merged answer hides it).
struct Sources {
  private let database: StaticString
  private let services: [String]

  /// nsswitch.conf(5): `database: service [ACTION] service …`; without a line, glibc's default is `files`.
  init(of database: StaticString) {
    self.database = database
    var found: [String] = ["files"]
    let prefix = "\(database):"
    for line in (try? Files.read("/etc/nsswitch.conf", cap: 65536))?.split(separator: 10) ?? [] {
      let text = line.prefix { $0 != UInt8(ascii: "#") }.drop { $0 == 32 || $0 == 9 }
      guard text.starts(with: prefix.utf8) else { continue }
      found = []
      var inAction = false
      for word in text.dropFirst(prefix.utf8.count).split(whereSeparator: { $0 == 32 || $0 == 9 }) {
        if word.first == UInt8(ascii: "[") { inAction = true }
        defer { if word.last == UInt8(ascii: "]") { inAction = false } }
        if inAction || word.elementsEqual("sojourn".utf8) { continue }
        found.append(String(decoding: word, as: UTF8.self))
      }
    }
    services = found
  }

  /// Has this process ask only `service`. False if it is named but not installed: then it has no names either.
  private func use(_ service: String) -> Bool {
    // `files` is part of the C library (since 2.34); all others are libraries.
    // SAFETY: the temporary C strings live across the calls.
    if !service.utf8.elementsEqual("files".utf8), unsafe sojourn_can_load_service(service) == 0 { return false }
    return unsafe sojourn_nss_use("\(database)", service) == 0
  }

  func askUser(_ name: String?, _ uid: UInt32, _ answer: inout Answer) {
    for service in services where use(service) {
      var entry = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      // SAFETY: entry, buffer and result pointer live across the calls; only whether a result is there is read.
      if let name {
        let code = unsafe Buffer.growing { unsafe getpwnam_r(name, &entry, $0, $1, &found) }
        report(service, code, unsafe found != nil, "user-name", &answer)
      }
      unsafe found = nil
      let code = unsafe Buffer.growing { unsafe getpwuid_r(uid, &entry, $0, $1, &found) }
      report(service, code, unsafe found != nil, "user-number", &answer)
    }
  }

  func askGroup(_ name: String?, _ gid: UInt32, _ answer: inout Answer) {
    for service in services where use(service) {
      var entry = unsafe group()
      var found: UnsafeMutablePointer<group>?
      // SAFETY: as in askUser.
      if let name {
        let code = unsafe Buffer.growing { unsafe getgrnam_r(name, &entry, $0, $1, &found) }
        report(service, code, unsafe found != nil, "group-name", &answer)
      }
      unsafe found = nil
      let code = unsafe Buffer.growing { unsafe getgrgid_r(gid, &entry, $0, $1, &found) }
      report(service, code, unsafe found != nil, "group-number", &answer)
    }
  }

  /// Groups that some source already has this name in.
  func askMemberships(_ name: String, _ gid: UInt32, _ answer: inout Answer) {
    // An `initgroups:` line would be asked instead of `group:`, so that one is set too.
    for service in services where use(service) {
      // SAFETY: the temporary C strings and the array's storage live across the calls; the capacity is passed.
      _ = unsafe sojourn_nss_use("initgroups", service)
      var gids = [UInt32](repeating: 0, count: 256)
      let count = unsafe gids.withUnsafeMutableBufferPointer { buffer -> CInt in
        guard let base = buffer.baseAddress else { return -1 }
        return unsafe sojourn_group_list(name, gid, base, CInt(clamping: buffer.count))
      }
      guard count >= 0 else {
        answer.line("failed \(service) \(sojourn_errno())")
        continue
      }
      for other in gids.prefix(Int(count)) where other != gid { answer.line("right member of group \(other) (\(service))") }
    }
  }

  /// The gid of a group that may be granted: the first source that has it.
  func resolve(_ wanted: String, _ answer: inout Answer) {
    for service in services where use(service) {
      var entry = unsafe group()
      var found: UnsafeMutablePointer<group>?
      // SAFETY: as in askUser; gr_gid is read from `entry`, which getgrnam_r filled.
      let code = unsafe Buffer.growing { unsafe getgrnam_r(wanted, &entry, $0, $1, &found) }
      if code == 0, unsafe found != nil {
        answer.line("group \(wanted) \(unsafe entry.gr_gid)")
        return
      }
      guard Sources.isAbsence(code) else {
        answer.line("failed \(service) \(code)")
        return
      }
    }
    answer.line("no-group \(wanted)")
  }

  private func report(_ service: String, _ code: CInt, _ found: Bool, _ what: StaticString, _ answer: inout Answer) {
    if found {
      answer.line("\(what) \(service)")
    } else if !Sources.isAbsence(code) {
      answer.line("failed \(service) \(code)")
    }
  }

  /// What getpwnam_r(3) may return for "there is none". A source that is down says ECONNREFUSED, ETIMEDOUT, EAGAIN, EIO …
  private static func isAbsence(_ code: CInt) -> Bool { code == 0 || code == ENOENT || code == ESRCH }
}

/// A scratch buffer that grows while the answer says ERANGE, up to 1 MiB.
enum Buffer {
  // SAFETY: the pointer and its size are valid during `body`; nothing keeps it.
  static func growing(_ body: (UnsafeMutablePointer<CChar>, Int) -> CInt) -> CInt {
    var size = 4096
    while true {
      let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      let code = unsafe body(buffer, size)
      unsafe buffer.deallocate()
      guard code == ERANGE, size < 1 << 20 else { return code }
      size *= 4
    }
  }
}
