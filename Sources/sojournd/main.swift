import Accounts
import Approvals
import Configuration
import Encoding
import HostSystem
import Identity
import Logging
import Policy
import Readiness
import Relay

/// `sojournd` is the daemon; its workers are the same program, started by it with a word before their arguments.
func main() -> Int32 {
  let arguments = Array(CommandLine.arguments.dropFirst())
  switch arguments.first {
  case "--version":
    print("sojournd \(Release.version)")
    return 0
  case "teardown": return TeardownWorker.run(Array(arguments.dropFirst()))
  case "trim": return TrimWorker.run(Array(arguments.dropFirst()))
  case "local": return LocalEndWorker.run(Array(arguments.dropFirst()))
  case "strays": return StraysWorker.run(Array(arguments.dropFirst()))
  case "verify": return VerifyWorker.run()
  case "relay": return RelayWorker.run(Array(arguments.dropFirst()))
  case nil: return runDaemon()
  default:
    complain("usage: sojournd [--version]. It takes no other arguments; its configuration is \(Places.configurationFile).")
    return 64
  }
}

func complain(_ text: String) { try? FileDescriptor(owning: 2).writeAll(Array((text + "\n").utf8)) }

func runDaemon() -> Int32 {
  guard ProcessTable.effectiveUser == 0 else {
    complain("sojournd must be started by root.")
    return 1
  }
  LoggingSystem.bootstrap { _ in StandardErrorLog() }
  do throws(SystemError) {
    try Daemon(log: Logger(label: "sojournd")).run()
    return 0
  } catch {
    complain(error.isWouldBlock ? "Another sojournd runs already (it holds \(Places.lock))." : "sojournd cannot start: \(error.sentence)")
    return 1
  }
}

enum VerifyWorker {
  /// Writes the reasons why candidates must not be published, as a JSON list; an empty list: they may.
  static func run() -> Int32 {
    do throws(ConfigurationUnavailable) {
      let problems = CandidateReadiness.findings(try PublishedConfiguration.current()).filter { $0.severity == .problem }
      guard let text = JSONValue.strings(problems.map { $0.subject + ": " + $0.sentence }).text() else { return 1 }
      return write(text)
    } catch {
      return 1
    }
  }
}

enum RelayWorker {
  /// `relay PID-OF-DAEMON`. The daemon's listening socket (`Places.policySocket`) is descriptor 3.
  static func run(_ arguments: [String]) -> Int32 {
    guard arguments.count == 1, let daemon = Int32(arguments[0]) else { return 64 }
    OwnProcess.endWithParent(daemon)
    OwnProcess.setName("sojourn-relay")
    LoggingSystem.bootstrap { _ in StandardErrorLog() }
    do {
      let configuration = try PublishedConfiguration.current()
      try Relay(listener: SeqpacketSocket(FileDescriptor(owning: 3)), rules: configuration.policy, host: configuration.host.id,
        approvals: TaskStore(folder: Places.approvals), addresses: { EndpointAddresses.current() }, log: Logger(label: "relay")).run()
      return 0
    } catch let error as PolicyFailure {
      complain("error: the relay cannot run: \(error.detail)")
    } catch let error as SystemError {
      complain("error: the relay cannot run: \(error.sentence)")
    } catch {
      complain("error: the relay cannot run: no configuration is published")
    }
    return 1
  }
}

enum TeardownWorker {
  /// `teardown NAME UID HOME-ROOT [--daemon PID] [--leaving PID:START]… [--spare PROGRAM]… [--patience MILLISECONDS]`; writes its report.
  static func run(_ arguments: [String]) -> Int32 {
    guard arguments.count >= 3, let name = AccountName(arguments[0]), let uid = UInt32(arguments[1]), uid >= 1000 else { return 64 }
    var leaving: [ProcessReference] = []
    var spared: [String] = []
    var patience = Teardown.patience
    var at = 3
    while at + 1 < arguments.count {
      let value = arguments[at + 1]
      switch arguments[at] {
      case "--leaving":
        let parts = value.split(separator: ":")
        guard parts.count == 2, let pid = Int32(parts[0]), let start = UInt64(parts[1]) else { return 64 }
        leaving.append(ProcessReference(pid: pid, start: start))
      case "--daemon":
        // A daemon that is started anew begins every end anew: two workers at one account would only be in each other's way.
        guard let daemon = Int32(value) else { return 64 }
        OwnProcess.endWithParent(daemon)
      case "--spare": spared.append(value)
      case "--patience":
        guard let milliseconds = Int64(value), milliseconds >= 0 else { return 64 }
        patience = milliseconds
      default: return 64
      }
      at += 2
    }
    guard at == arguments.count else { return 64 }
    do throws(SystemError) {
      let teardown = Teardown(name: name, uid: uid, homeRoot: arguments[2], leaving: leaving, spared: spared, patience: patience)
      guard let text = try teardown.run(registry: UIDRegistry(directory: Places.uids)).json.text() else { return 1 }
      return write(text)
    } catch {
      complain(error.sentence)
      return 1
    }
  }
}

func write(_ text: [UInt8]) -> Int32 {
  do throws(SystemError) {
    try FileDescriptor(owning: 1).writeAll(text)
    return 0
  } catch {
    return 1
  }
}

func notifyService(_ text: String) { ServiceManager.notify(text) }

OwnProcess.end(main())
