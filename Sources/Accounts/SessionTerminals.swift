internal import HostSystem

/// The terminals at which a session's person sits, and what is said there. Nothing here ever waits: a terminal that was
/// stopped with ^S, or whose window is full, hears nothing (THREATS T30).
public struct SessionTerminals: Sendable {
  /// Paths.
  public let paths: [String]
  /// Whose they must be: a process may have a terminal of a namespace of its own, whose number here is somebody else's.
  private let owner: UInt32

  /// - Parameters:
  ///   - process: that opened the session; what it started, and what that started, has the session's terminals.
  ///   - owner: the session's uid.
  ///   - isOnlyOne: no other session is that uid's: then all its terminals are this session's, those of tmux and screen among
  ///     them. Else nobody can tell whose a terminal is that none of those processes has.
  public init(of process: Int32, owner: UInt32, isOnlyOne: Bool) {
    self.owner = owner
    var found: Set<String> = []
    // Somebody may have filled the process table; a person sits at few terminals.
    for pid in ProcessTable.family(of: process, atMost: 4096) {
      if let stat = ProcessTable.stat(of: pid), let path = SessionTerminals.path(stat.terminal) { found.insert(path) }
    }
    if isOnlyOne { found.formUnion(SessionTerminals.all(of: owner)) }
    paths = found.sorted()
  }

  /// The kernel gives a pseudo-terminal to whoever opens one, sshd and login give theirs to who logs in.
  private static func all(of owner: UInt32) -> [String] {
    let pseudo = ((try? Files.names(in: "/dev/pts")) ?? []).map { "/dev/pts/" + $0 }
    return (pseudo + (1...63).map { "/dev/tty\($0)" }).filter { path in
      guard let facts = try? Files.facts(path) else { return false }
      return facts.isCharacterDevice && facts.uid == owner && SessionTerminals.path(facts.special) == path
    }
  }

  /// A pseudo-terminal (majors from 136 on, Linux' devices.txt) or a console (major 4); nil for none and for every other.
  /// - Parameter number: as proc_pid_stat(5) tells `tty_nr`: the minor's low 8 bits, 12 bits of major, the minor's rest.
  static func path(_ number: UInt64) -> String? {
    let major = (number >> 8) & 0xFFF
    let minor = (number & 0xFF) | ((number >> 12) & 0xFFF00)
    if (136...143).contains(major) { return "/dev/pts/\((major - 136) << 20 | minor)" }
    return major == 4 && (1...63).contains(minor) ? "/dev/tty\(minor)" : nil
  }

  /// Writes a line of its own on each.
  /// - Parameter text: escaped already.
  /// - Returns: how many took it.
  @discardableResult
  public func say(_ text: String) -> Int {
    let line = Array("\r\nSojourn: \(text)\r\n".utf8)
    return paths.count { path in
      guard let terminal = try? FileDescriptor.open(path, .write), let facts = try? terminal.facts(), facts.isCharacterDevice, facts.uid == owner, terminal.isWritable
      else { return false }
      return (try? terminal.writeAll(line)) != nil
    }
  }
}
