internal import CPlatform.System

/// A process as /proc shows it at one moment (proc_pid_status(5)).
public struct ProcessFacts: Sendable {
  public let pid: Int32
  public let parent: Int32
  /// The kernel's short name of it, as bytes from outside.
  public let name: [UInt8]
  public let state: UInt8
  public let realUser: UInt32
  public let effectiveUser: UInt32
  public let savedUser: UInt32
  /// Every gid that it acts by: real, effective, saved, of the file system, and the supplementary ones; in no order.
  public let groups: [UInt32]
  /// Threads that the process has, its first one included also when that one has ended.
  public let threads: UInt64

  /// A zombie does nothing any more; it waits for its parent. But a process whose *first* thread has ended looks like one
  /// while its other threads run on: only the count of threads tells them apart.
  public var isGone: Bool { (state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")) && threads <= 1 }

  /// May the user be signalled as, or return to, this uid? (The effective one alone may be lent for a moment by root.)
  public func belongs(to uid: UInt32) -> Bool { realUser == uid || savedUser == uid }
}

extension ProcessTable {
  /// nil if the process ended meanwhile.
  public static func facts(of pid: Int32) -> ProcessFacts? {
    guard let file = try? FileDescriptor.open("/proc/\(pid)/status", .read) else { return nil }
    var bytes: [UInt8] = []
    // The kernel gives as much at once as there is room for: all that matters, unless a process has groups by the hundred. It may
    // be given 65536, and one that is too long to read would not be seen.
    while bytes.count <= 2 << 20 {
      guard let got = try? file.readOnce(max(4096, bytes.count), after: &bytes), got > 0 else { return nil }
      if let facts = facts(of: pid, status: bytes) { return facts }
    }
    return nil
  }

  /// - Returns: nil if that is not the whole of what is asked for. The last of it are the threads.
  private static func facts(of pid: Int32, status bytes: [UInt8]) -> ProcessFacts? {
    var name: [UInt8] = []
    var state: UInt8 = 0
    var parent: Int32?
    var users: [UInt32] = []
    var groups: [UInt32] = []
    var threads: UInt64?
    // This is read of every process of a host, again and again: only lines that may matter are compared, and none after the last
    // of them.
    var at = 0
    while threads == nil, let end = bytes[at...].firstIndex(of: 10) {
      let line = bytes[at..<end]
      at = end + 1
      switch line.first {
      case UInt8(ascii: "N"): if line.starts(with: "Name:\t".utf8) { name = Array(line.dropFirst(6)) }
      case UInt8(ascii: "S"): if line.starts(with: "State:\t".utf8) { state = line.dropFirst(7).first ?? 0 }
      case UInt8(ascii: "P"): if line.starts(with: "PPid:\t".utf8) { parent = decimal(line.dropFirst(6)).flatMap { Int32(exactly: $0) } }
      case UInt8(ascii: "U"):
        guard line.starts(with: "Uid:\t".utf8) else { continue }
        users = line.dropFirst(5).split(separator: 9).compactMap { decimal($0).flatMap { UInt32(exactly: $0) } }
      case UInt8(ascii: "G"): groups += ProcessTable.groups(line)
      case UInt8(ascii: "T"):
        if line.starts(with: "Threads:\t".utf8) { threads = decimal(line.dropFirst(9)) }
        // The number of a thread leads somewhere too.
        if line.starts(with: "Tgid:\t".utf8), decimal(line.dropFirst(6)) != UInt64(exactly: pid) { return nil }
      default: continue
      }
    }
    guard let parent, let threads, users.count == 4, state != 0 else { return nil }
    return ProcessFacts(pid: pid, parent: parent, name: name, state: state, realUser: users[0], effectiveUser: users[1], savedUser: users[2], groups: groups,
      threads: threads)
  }

  /// The gids of a `Gid:` or `Groups:` line; of any other line none.
  private static func groups(_ line: some Collection<UInt8>) -> [UInt32] {
    guard line.starts(with: "Gid:\t".utf8) || line.starts(with: "Groups:\t".utf8) else { return [] }
    return line.split { $0 == 9 || $0 == 32 }.dropFirst().compactMap { decimal($0).flatMap { UInt32(exactly: $0) } }
  }

  /// The gids of all its threads: each has its own, and one may have given up what another keeps (credentials(7)).
  public static func groupsOfThreads(_ process: ProcessFacts) -> Set<UInt32> {
    var found = Set(process.groups)
    guard process.threads > 1 else { return found }
    for thread in (try? Files.names(in: "/proc/\(process.pid)/task")) ?? [] {
      for line in (read("/proc/\(process.pid)/task/\(thread)/status", cap: 2 << 20) ?? []).split(separator: 10) { found.formUnion(groups(line)) }
    }
    return found
  }

  /// Is SIGKILL on its way to it? Nothing of its own runs any more then; what keeps it is the kernel, for a device that does not
  /// answer. The masks are in hexadecimal, and signal 9 is bit 8 of them.
  public static func isBeingKilled(_ pid: Int32) -> Bool {
    (read("/proc/\(pid)/status", cap: 2 << 20) ?? []).split(separator: 10).contains { line in
      guard line.starts(with: "SigPnd:\t".utf8) || line.starts(with: "ShdPnd:\t".utf8), line.count >= 3 else { return false }
      let digit = line[line.index(line.endIndex, offsetBy: -3)]
      return [UInt8(ascii: "1"), UInt8(ascii: "3"), UInt8(ascii: "5"), UInt8(ascii: "7"), UInt8(ascii: "9"), UInt8(ascii: "b"), UInt8(ascii: "d"), UInt8(ascii: "f")].contains(digit)
    }
  }

  /// A process, what it started, and what that started: at most so many of them, and of their threads. Without a look at all processes, unless the kernel
  /// does not keep what each thread has started (CONFIG_PROC_CHILDREN).
  public static func family(of first: Int32, atMost limit: Int) -> [Int32] {
    guard Files.exists("/proc/self/task/\(ownPid)/children") else { return family(of: first, atMost: limit, among: (try? all()) ?? []) }
    var found = [first]
    var at = 0
    var threads = 0
    while at < found.count, found.count < limit, threads < limit {
      for thread in ((try? Files.names(in: "/proc/\(found[at])/task")) ?? []).prefix(limit - threads) {
        threads += 1
        let children = read("/proc/\(found[at])/task/\(thread)/children", cap: 1 << 20) ?? []
        found += children.split(separator: 32).compactMap { decimal($0).flatMap { Int32(exactly: $0) } }
      }
      at += 1
    }
    return Array(found.prefix(limit))
  }

  private static func family(of first: Int32, atMost limit: Int, among processes: [ProcessFacts]) -> [Int32] {
    var children: [Int32: [Int32]] = [:]
    for one in processes { children[one.parent, default: []].append(one.pid) }
    var found = [first]
    var at = 0
    while at < found.count, found.count < limit {
      found += children[found[at]] ?? []
      at += 1
    }
    return Array(found.prefix(limit))
  }

  /// Might a process or a thread with that real uid be there, a zombie too? One question to the kernel, which knows the uids that are
  /// in use: a no is certain. Who has it as the saved or effective one alone does not count: that takes a program that is setuid.
  public static func mayRun(_ uid: UInt32) -> Bool { sojourn_user_runs(uid) != 0 }

  /// All processes; those that end while it looks are left out.
  public static func all() throws(SystemError) -> [ProcessFacts] { try pids().compactMap { facts(of: $0) } }

  /// The numbers of all processes.
  public static func pids() throws(SystemError) -> [Int32] {
    let directory = try FileDescriptor.open("/proc", .directory)
    return try DirectoryStream.names(of: directory, cap: 1 << 23).compactMap { decimal($0).flatMap { Int32(exactly: $0) } }
  }

  /// The number that was given away last, to a process or a thread (proc_loadavg(5)): numbers go up, and around.
  public static var lastNumber: Int32? {
    guard let bytes = read("/proc/loadavg", cap: 256), let field = bytes.split(separator: 32).last else { return nil }
    return decimal(field.prefix { $0 != 10 }).flatMap { Int32(exactly: $0) }
  }

  /// The effective uid alone; nil if the process ended. It is whom /proc/PID belongs to, also where what is in it is root's (proc(5)).
  public static func effectiveUser(of pid: Int32) -> UInt32? { try? Files.facts("/proc/\(pid)").uid }

  /// The number that the kernel gave to the login when pam_loginuid set its uid, or nil if none (or no audit in this kernel).
  public static func auditSession(of pid: Int32) -> UInt32? {
    guard let bytes = read("/proc/\(pid)/sessionid", cap: 32), let value = decimal(bytes.prefix { $0 != 10 }), let number = UInt32(exactly: value),
      number != .max
    else { return nil }
    return number
  }

  /// Its control group in the new tree, as a path below that tree (cgroups(7)); nil if it has none there.
  public static func controlGroup(of pid: Int32) -> String? {
    guard let bytes = read("/proc/\(pid)/cgroup", cap: 65536) else { return nil }
    return bytes.split(separator: 10).first { $0.starts(with: "0::/".utf8) }.map { String(decoding: $0.dropFirst(3), as: UTF8.self) }
  }

  /// The login uid that pam_loginuid set, or nil if none (or no audit in this kernel).
  public static func loginUser(of pid: Int32) -> UInt32? {
    guard let bytes = read("/proc/\(pid)/loginuid", cap: 32), let value = decimal(bytes.prefix { $0 != 10 }), let uid = UInt32(exactly: value),
      uid != .max
    else { return nil }
    return uid
  }

  /// The program that it runs; nil for kernel threads and what has ended.
  public static func program(of pid: Int32) -> String? {
    guard let target = try? Files.linkTarget("/proc/\(pid)/exe") else { return nil }
    return String(decoding: target, as: UTF8.self)
  }

  /// Is it in a unit of system.slice, that is, a service and not a part of somebody's session? (cgroups(7))
  public static func isService(_ pid: Int32) -> Bool {
    guard let bytes = read("/proc/\(pid)/cgroup", cap: 65536) else { return false }
    return bytes.split(separator: 10).contains { line in
      guard let path = line.lastIndex(of: UInt8(ascii: ":")) else { return false }
      return line[line.index(after: path)...].starts(with: "/system.slice/".utf8)
    }
  }
}
