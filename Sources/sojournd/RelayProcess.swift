import Audit
import Configuration
import Encoding
import Events
import HostSystem
import Identity

/// The relay as a child of the daemon: a process of its own, so that a TLS library that crashes or hangs never stops the end
/// of a session. The socket is the daemon's: who asks while one relay has died and the next is starting waits in its queue.
final class RelayProcess {
  /// nil: it runs. Else the sentence that says why not.
  private(set) var problem: String? = "it is being started"
  private let loop: EventLoop
  private let record: Record
  private let listener: SeqpacketSocket
  /// The one that takes logins, by its number; older ones finish what they have under way.
  private var current: Int32 = 0
  private var children: [Int32: Child] = [:]
  /// Deaths and failed starts in a row; one that has run for long begins a new row.
  private var deaths = 0
  private var isStopped = false
  /// The one that runs goes by an older configuration, because a new one could not be started.
  private var isOutdated = false

  private final class Child {
    let process: ChildProcess
    let started = Moment.now().boot
    init(_ process: consuming ChildProcess) { self.process = process }
  }

  /// Milliseconds until a dead one is started again: the first, twice as long each time, the longest.
  private static let pauses: (first: Int64, longest: Int64) = (100, 20_000)
  /// Nanoseconds after which a death is the first of a new row.
  private static let longRun: Int64 = 60_000_000_000

  init(loop: EventLoop, record: Record) throws(SystemError) {
    self.loop = loop
    self.record = record
    // Whoever holds the daemon's lock owns the path.
    try? Files.remove(Places.policySocket)
    listener = try SeqpacketSocket.listen(at: Places.policySocket)
  }

  /// Starts one that goes by the configuration as it is published now; the one before takes nobody more.
  func renew() {
    guard !isStopped else { return }
    let before = current
    do throws(SystemError) {
      let child = Child(try ChildProcess.start(Places.daemon, ["relay", String(ProcessTable.ownPid)], descriptors: [-1, -1, 2, listener.descriptor.raw]))
      let number = child.process.pid
      do throws(SystemError) { try loop.watch(child.process.pidfd.raw) { [unowned self] in hasEnded(number) } } catch {
        // One that nobody watches would go on with its configuration for ever.
        child.process.signal(.kill)
        throw error
      }
      children[number] = child
      current = number
      problem = nil
      isOutdated = false
    } catch {
      isOutdated = true
      deaths += 1
      problem = "the relay cannot be started: \(error.sentence)"
      record.note(.daemon, .error, problem ?? "")
      return startLater()
    }
    retire(before)
  }

  /// It takes nobody more, and goes when nobody waits for it. One that did not hear of it would go on by an old configuration.
  private func retire(_ number: Int32) {
    guard let child = children[number], !child.process.signal(.terminate) else { return }
    loop.after(200) { [weak self] in self?.retire(number) }
  }

  /// Nobody is let in through it any more.
  func stop() {
    isStopped = true
    try? Files.remove(Places.policySocket)
    for child in children.values {
      loop.unwatch(child.process.pidfd.raw)
      child.process.signal(.kill)
      _ = child.process.exitStatus()
    }
    children = [:]
  }

  private func hasEnded(_ number: Int32) {
    guard let child = children[number], let status = child.process.exitStatus() else { return }
    loop.unwatch(child.process.pidfd.raw)
    children.removeValue(forKey: number)
    guard number == current, !isStopped else { return }
    deaths = Moment.now().boot - child.started > RelayProcess.longRun ? 1 : deaths + 1
    problem = "it ended with status \(status); logins wait for the next one"
    record.note(.daemon, .error, "the relay to the policy endpoints ended with status \(status)" + (deaths > 1 ? ", \(deaths) times in a row" : ""))
    startLater()
  }

  private func startLater() {
    let pause = min(RelayProcess.pauses.longest, RelayProcess.pauses.first << Int64(min(max(0, deaths - 1), 16)))
    loop.after(pause) { [weak self] in
      guard let self, isOutdated || children[current] == nil else { return }
      renew()
    }
  }
}

extension Daemon {
  /// After the configuration was read: a relay that goes by it. Also where logins ask for decisions themselves
  /// (`policy.via = "direct"`): approvals are asked for by the relay alone, which remembers them from login to login.
  func renewRelay() {
    guard configuration != nil else {
      relay?.stop()
      relay = nil
      return
    }
    do throws(SystemError) {
      if relay == nil { relay = try RelayProcess(loop: loop, record: record) }
      relay?.renew()
    } catch {
      record.note(.daemon, .error, "the relay's socket cannot be made: \(error.sentence)")
      loop.after(1000) { [weak self] in
        if let self, relay == nil { renewRelay() }
      }
    }
  }
}
