internal import Encoding
public import HostSystem

/// What `sshd -T` says its configuration comes to for one connection (sshd(8)): lower-case keywords and their values.
struct SSHServerSettings {
  private var values: [(keyword: String, value: String)] = []

  init(_ output: [UInt8]) {
    for line in output.split(separator: 10) {
      let text = String(decoding: line, as: UTF8.self)
      let keyword = text.before(32)
      values.append((keyword.lowerASCII, String(decoding: text.utf8.dropFirst(keyword.utf8.count + 1), as: UTF8.self)))
    }
  }

  /// All values of a keyword, each line one; empty if the version does not know it or it is not set.
  func all(_ keyword: String) -> [String] { values.filter { $0.keyword.isExactly(keyword) }.map { $0.value } }
  func one(_ keyword: String) -> String? { all(keyword).first }
  func isOn(_ keyword: String) -> Bool { one(keyword).map { $0.isExactly("yes") } ?? false }

  enum Outcome {
    case settings(SSHServerSettings)
    /// sshd did not take its configuration; its own words.
    case refused(String)
  }

  /// Asks the server's own program, so that includes, defaults and versions are its own business.
  static func ask(_ listener: SSHListener, user: String, run: HostView.Run) -> Outcome {
    let connection = "user=\(user),host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"
    do throws(SystemError) {
      let outcome = try run(listener.program, ["-T"] + listener.options + ["-C", connection])
      guard outcome.status == 0, !outcome.cutOff else {
        let words = outcome.cutOff ? "it did not answer in time" : String(decoding: outcome.errors, as: UTF8.self)
        return .refused(words.utf8.split(separator: 10).last.map { String(decoding: $0, as: UTF8.self) } ?? "exit status \(outcome.status)")
      }
      return .settings(SSHServerSettings(outcome.output))
    } catch { return .refused(error.sentence) }
  }
}

/// The empty directory without which Debian's sshd says nothing, not even of its configuration: ssh.service makes it and takes it away, so it is
/// missing while that is stopped, before a socket unit has started it for the first time, and in a chroot.
public enum SSHPrivilegeSeparation {
  private static let directory = "/run/sshd"

  /// sshd itself says what is wrong, if it cannot be made.
  public static func prepare() {
    guard !Files.exists(directory) else { return }
    do throws(SystemError) { try Files.makeDirectory(directory, mode: 0o755) } catch {}
  }
}

/// An sshd that listens, with the same files under /etc/ssh as this host's.
public struct RunningSSHServer: Sendable {
  public let pid: Int32
  public let program: String
  /// As `sshd -t` must have them to see its configuration; nil: they cannot be told from outside.
  public let options: [String]?

  /// Those of root's, whatever [host] candidate_programs says: what is written for sshd is read by all of them.
  public static func all() -> [RunningSSHServer] {
    let host = HostFiles()
    return RunningProgram.all().compactMap { process in
      guard process.isRoot, process.program.parts(47).last?.isExactly("sshd") ?? false else { return nil }
      if process.view != .same {
        guard let its = host.facts("/proc/\(process.pid)/root/etc/ssh"), let ours = host.facts("/etc/ssh"), its.device == ours.device, its.inode == ours.inode else { return nil }
      }
      switch SSHListener.read(process) {
      case .notAListener: return nil
      case .unreadable: return RunningSSHServer(pid: process.pid, program: process.program, options: nil)
      case .listener(let listener): return RunningSSHServer(pid: process.pid, program: process.program, options: listener.options)
      }
    }
  }
}

/// A file that TrustedUserCAKeys names: one public key in each line.
public enum SSHAuthorities {
  /// Key blobs, in their order; lines without one are left out.
  /// - Throws: what kept it from being read.
  public static func keys(in path: String, _ files: HostFiles = HostFiles()) throws(SystemError) -> [[UInt8]] {
    try files.lines(path).compactMap { key($0) }
  }

  /// The key blob of a line; nil if it has none.
  public static func key(_ line: String) -> [UInt8]? {
    let words = line.words
    guard words.count >= 2, !words[0].begins(with: "#") else { return nil }
    let base64 = Array(words[1].utf8)
    return Base64.decode(base64.span, 0..<base64.count)
  }
}

/// Everything of a host that the checks look at, so that tests can be hosts of their own.
public struct HostView: Sendable {
  public typealias Run = @Sendable (_ program: String, _ arguments: [String]) throws(SystemError) -> ChildProcess.Outcome

  public let files: HostFiles
  public let processes: @Sendable () -> [RunningProgram]
  public let run: Run

  public init(files: HostFiles, processes: @escaping @Sendable () -> [RunningProgram], run: @escaping Run) {
    self.files = files
    self.processes = processes
    self.run = run
  }

  /// This host. A program that is asked something has five seconds.
  public static var host: HostView {
    HostView(files: HostFiles(), processes: { RunningProgram.all() },
      run: { (program, arguments) throws(SystemError) in
        if program.parts(47).last?.isExactly("sshd") ?? false { SSHPrivilegeSeparation.prepare() }
        return try ChildProcess.run(program, arguments, milliseconds: 5000, cap: 1 << 18)
      })
  }
}
