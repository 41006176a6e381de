// Asks as `pam_sojourn.so` does, in a process that does nothing else, and says what came of it and what was left behind.
// Built as the module is: Embedded, without a runtime, so that threads, descriptors and signals are libcurl's alone.
//
//     PolicyProbe CONFIGURATION ADDRESSES COUNT [SOCKET]
//
// CONFIGURATION: a published configuration. ADDRESSES: a published file of addresses. SOCKET: the relay's, which is then
// asked. One JSON line for each of COUNT questions.
internal import CPlatform.System
internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

@main
struct Probe {
  static func main() {
    guard let status = run() else {
      say(.object([.init("problem", .string("usage: PolicyProbe CONFIGURATION ADDRESSES COUNT [SOCKET]"))]))
      exit(2)
    }
    exit(status)
  }

  private static func run() -> CInt? {
    let arguments = ProgramArguments.own()
    guard arguments.count == 4 || arguments.count == 5, let path = String.ifValid(arguments[1]), let addresses = String.ifValid(arguments[2]),
      let count = ProcessTable.decimal(arguments[3]), let text = ProcessTable.read(path, cap: PublishedConfiguration.cap)
    else { return nil }
    let configuration: PublishedConfiguration
    do throws(ConfigurationUnavailable) { configuration = try PublishedConfiguration.parse(text) } catch { return nil }
    let relay = arguments.count == 5 ? String.ifValid(arguments[4]) : nil
    for _ in 0..<count { ask(configuration, EndpointAddresses.published(at: addresses), relay) }
    return 0
  }

  private static func ask(_ configuration: PublishedConfiguration, _ addresses: EndpointAddresses, _ relay: String?) {
    let question = Question(subjectID: "alice", account: "alice", login: LoginFacts(service: "sshd", tty: "ssh", remote: "192.0.2.9"),
      credential: CredentialFacts(kind: "ssh-cert", keyID: "alice", serial: "18446744073709551615", keyFingerprint: "SHA256:key",
        caFingerprint: "SHA256:ca", principals: ["alice"], notBefore: 1_795_000_000, notAfter: 1_795_003_600),
      extensions: [CertificateExtension(name: "permit-pty", value: "")], now: Moment.now().unixSeconds)
    let before = Surroundings.now()
    let begin = Moment.now().boot
    let answer: Answer
    if let relay {
      answer = PolicyClient.ask(question, rules: configuration.policy, host: configuration.host, relay: relay)
    } else {
      var transport = CurlTransport(addresses: addresses)
      answer = PolicyClient.ask(question, rules: configuration.policy, host: configuration.host, through: &transport)
    }
    let end = Moment.now().boot
    let after = Surroundings.now()

    var line = JSONObject()
    switch answer.verdict {
    case .allowed(let grant):
      line.set("verdict", "allowed")
      do throws(CeilingBreach) {
        let held = try Ceilings.hold(grant, uid: 70001, accounts: configuration.accounts, session: configuration.session)
        line.set("groups", .strings(held.groups))
        line.set("shell", held.shell)
        line.set("seconds", .unsigned(held.seconds))
        line.set("notes", .strings(held.notes))
      } catch {
        line.set("breach", error.token)
        line.set("detail", error.detail)
      }
    case .undefined(let user, let admin):
      line.set("verdict", "denied")
      line.set("user", user)
      line.set("admin", admin)
    case .denied(let user, let admin), .requestable(_, let user, let admin):
      line.set("verdict", "denied")
      line.set("user", user)
      line.set("admin", admin)
    case .stepUp(_, let user, let admin):
      line.set("verdict", "step-up")
      line.set("user", user)
      line.set("admin", admin)
    case .unavailable(let failure):
      line.set("verdict", "unavailable")
      line.set("token", failure.token)
      line.set("detail", failure.detail)
    }
    line.set("obligations", .integer(Int64(answer.obligations.list.count)))
    line.set("request_id", answer.facts.requestID)
    line.set("endpoint", answer.facts.endpoint)
    line.set("reason", answer.facts.reason)
    line.set("microseconds", .integer((end - begin) / 1000))
    line.set("is_setuid", .boolean(ProcessTable.realUser != ProcessTable.effectiveUser))
    line.set("before", before.json)
    line.set("after", after.json)
    say(line.value)
  }

  private static func say(_ value: JSONValue) {
    guard let text = value.text() else { exit(3) }
    do throws(SystemError) { try FileDescriptor(owning: 1).keep { (out) throws(SystemError) in try out.writeAll(text + [10]) } } catch { exit(3) }
  }
}

/// What a guest must leave as it found it.
struct Surroundings {
  let threads: Int
  let descriptors: Int
  /// The last process or thread that was made in this pid namespace (proc(5), ns_last_pid): in a namespace of our own it
  /// also betrays threads that have ended.
  let lastPid: UInt64
  let environment: Bool
  /// Handlers, flags and masks of all signals, and the mask of this thread, as one number (FNV-1a).
  let signals: UInt64

  static func now() -> Surroundings {
    let last = ProcessTable.read("/proc/sys/kernel/ns_last_pid", cap: 64)?.dropLast() ?? []
    return Surroundings(threads: names("/proc/self/task"), descriptors: names("/proc/self/fd"),
      lastPid: ProcessTable.decimal(last) ?? 0, environment: hasVariables(), signals: signalState())
  }

  private static func names(_ path: String) -> Int {
    do throws(SystemError) { return try Files.names(in: path).count } catch { return -1 }
  }

  // SAFETY: getenv's C string is only tested for being there.
  private static func hasVariables() -> Bool { unsafe getenv("PATH") != nil }

  // SAFETY: both structures outlive the calls that fill them and the closures that read their bytes, all within bounds.
  private static func signalState() -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for number in CInt(1)...64 {
      var action = sigaction()
      guard unsafe sigaction(number, nil, &action) == 0 else { continue }
      unsafe withUnsafeBytes(of: &action) { bytes in
        // The handler, the 64 signals of the mask (glibc leaves the rest of it undefined), and the flags after it.
        for at in [0..<8, 8..<16, 136..<140] { for i in at { hash = unsafe (hash ^ UInt64(bytes[i])) &* 0x100_0000_01b3 } }
      }
    }
    var mask = sigset_t()
    guard unsafe sigprocmask(SIG_BLOCK, nil, &mask) == 0 else { return 0 }
    unsafe withUnsafeBytes(of: &mask) { bytes in for i in 0..<8 { hash = unsafe (hash ^ UInt64(bytes[i])) &* 0x100_0000_01b3 } }
    return hash
  }

  var json: JSONValue {
    .object([
      .init("threads", .integer(Int64(threads))), .init("descriptors", .integer(Int64(descriptors))), .init("last_pid", .unsigned(lastPid)),
      .init("environment", .boolean(environment)), .init("signals", .string(String(signals, radix: 16))),
    ])
  }
}

extension FileDescriptor {
  /// Uses a descriptor that stays open.
  consuming func keep(_ body: (borrowing FileDescriptor) throws(SystemError) -> Void) throws(SystemError) {
    do throws(SystemError) { try body(self) } catch {
      _ = self.release()
      throw error
    }
    _ = self.release()
  }
}
