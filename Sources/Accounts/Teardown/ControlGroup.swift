internal import HostSystem

/// A control group of the new tree (cgroups(7)) and all that is below it, by its directory. On a host without that tree
/// it is empty, and what is asked of it does nothing.
struct ControlGroup {
  let path: String

  var exists: Bool { Files.exists(path + "/cgroup.procs") }

  /// Is no process in it or below it?
  var isEmpty: Bool { events()["populated"] != true }

  /// The processes in it and below it, in some thousand groups at most, eight levels deep: logind makes three, a container some more. Whoever
  /// hides one deeper, or behind more, has it ended by its uid, or by the kernel with the whole group.
  func processes() -> [Int32] {
    var found: [Int32] = []
    var waiting = [(path: path, depth: 0)]
    var left = 2000
    while left > 0, let (path, depth) = waiting.popLast() {
      left -= 1
      for line in (ProcessTable.read(path + "/cgroup.procs", cap: 4 << 20) ?? []).split(separator: 10) {
        if let pid = ProcessTable.decimal(line).flatMap({ Int32(exactly: $0) }) { found.append(pid) }
      }
      guard depth < 8 else { continue }
      // Systemd's are named by their kind; those that a container makes below one have any name.
      for name in (try? Files.names(in: path)) ?? [] where (try? Files.facts(path + "/" + name).isDirectory) == true { waiting.append((path + "/" + name, depth + 1)) }
    }
    return found
  }

  /// Kills all that is in it at once, whoever it runs as and however fast it forks (Linux 5.14).
  func kill() { write("1", to: "cgroup.kill") }

  /// Is the daemon in it, which somebody started by hand? Then neither the daemon nor a worker of it may freeze or kill it.
  var holdsUs: Bool {
    let own = ProcessTable.ownPid
    return processes().contains { $0 == own || $0 == ProcessTable.parentPid }
  }

  /// Kills all but these, one by one, until there are no others; while it looks, nothing of them can fork away.
  func endOthers(than spared: Set<Int32>, milliseconds: Int64) {
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: milliseconds)
    while true {
      _ = freeze(milliseconds: 100)
      let others = signalOthers(than: spared, .kill)
      thaw()
      if others == 0 || deadline.isOver(at: Moment.now()) { return }
      Pause.milliseconds(20)
    }
  }

  /// - Returns: how many others there are; each is held by its pidfd, or its number might be one of the spared by now.
  @discardableResult
  func signalOthers(than spared: Set<Int32>, _ number: Signal) -> Int {
    var count = 0
    for pid in processes() where !spared.contains(pid) && pid != ProcessTable.ownPid {
      guard let reference = ProcessReference.of(pid: pid), let handle = try? ProcessHandle(reference) else { continue }
      handle.signal(number)
      count += 1
    }
    return count
  }

  /// Stops all that is in it, and waits until it has stopped. A frozen process can be looked at and killed; it does nothing.
  /// - Returns: false if there is nothing to freeze with, or something does not stop.
  func freeze(milliseconds: Int64) -> Bool {
    guard write("1", to: "cgroup.freeze") else { return false }
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: milliseconds)
    while events()["frozen"] != true {
      if deadline.isOver(at: Moment.now()) { return false }
      Pause.milliseconds(1)
    }
    return true
  }

  func thaw() { write("0", to: "cgroup.freeze") }

  /// Waits for it to be empty.
  func waitForEnd(milliseconds: Int64) {
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: milliseconds)
    while !isEmpty, !deadline.isOver(at: Moment.now()) { Pause.milliseconds(10) }
  }

  @discardableResult
  private func write(_ text: String, to file: String) -> Bool {
    guard let file = try? FileDescriptor.open(path + "/" + file, .write) else { return false }
    return (try? file.writeAll(Array(text.utf8))) != nil
  }

  /// `populated 1\nfrozen 0\n`
  private func events() -> [String: Bool] {
    var found: [String: Bool] = [:]
    for line in (ProcessTable.read(path + "/cgroup.events", cap: 4096) ?? []).split(separator: 10) {
      let words = line.split(separator: 32)
      if words.count == 2 { found[String(decoding: words[0], as: UTF8.self)] = words[1].elementsEqual([UInt8(ascii: "1")]) }
    }
    return found
  }
}
