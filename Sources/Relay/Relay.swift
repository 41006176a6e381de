public import Approvals
public import Configuration
internal import Encoding
internal import Events
public import HostSystem
public import Logging
public import Policy

/// The way from logins to the policy endpoints: a process of its own, so that a TLS library that crashes or hangs never
/// stops the end of a session. It judges nothing; it chooses whom to ask, and hands back what they said.
///
/// One thread. All that it waits for is in one loop; a call that hangs holds up nobody else.
public final class Relay {
  let loop: EventLoop
  let calls: EndpointCalls
  let rules: PolicyRules
  /// This host's id, as the policy knows it.
  let host: String
  /// What logins asked for.
  let approvals: TaskStore
  let wrapping: Wrapping
  private let addresses: () -> EndpointAddresses
  private let log: Logger
  private let listener: SeqpacketSocket
  private let signals: SignalSource
  private var clients: [Int32: Client] = [:]
  private var isListening = false
  private var isStopping = false
  var health = EndpointHealth()
  /// URLs of endpoints that do not repeat `X-Request-ID`: without it an answer over a kept connection cannot be told from a
  /// late one to another question, so each question has a connection of its own.
  var mute: Set<String> = []

  /// Logins at once; more wait until one is through.
  static let mostClients = 256
  /// Connections that stay open while nobody asks.
  static let keptConnections = 16

  /// - Parameters:
  ///   - listener: at which logins ask; it may be listened at by another relay too, which is about to go.
  ///   - addresses: of the endpoints that have names, as they are now.
  public init(listener: consuming SeqpacketSocket, rules: PolicyRules, host: String, approvals: TaskStore, addresses: @escaping () -> EndpointAddresses, log: Logger)
    throws(PolicyFailure) {
    self.listener = listener
    self.rules = rules
    self.host = host
    self.approvals = approvals
    wrapping = try Wrapping(rules)
    self.addresses = addresses
    self.log = log
    let calls = try EndpointCalls(kept: Relay.keptConnections)
    self.calls = calls
    do throws(SystemError) {
      signals = try SignalSource()
      loop = try EventLoop { calls.wait($0, milliseconds: $1) }
    } catch { throw .noLibrary(error.sentence) }
    OwnProcess.raiseDescriptorLimit()
  }

  var known: KnownEndpoints { KnownEndpoints(published: addresses()) }

  /// Until it is told to stop (SIGTERM): then it takes nobody more, and goes when the last one has its answer.
  public func run() throws(SystemError) {
    try loop.watch(signals.descriptor.raw) { [unowned self] in takeSignals() }
    try loop.watch(listener.descriptor.raw) { [unowned self] in accept() }
    isListening = true
    loop.run()
  }

  private func takeSignals() {
    while let event = signals.next() {
      guard event == .stop else { continue }
      isStopping = true
      pauseListening()
      stopIfDone()
    }
  }

  private func stopIfDone() {
    if isStopping, clients.isEmpty { loop.stop() }
  }

  private func listen() {
    guard !isListening, !isStopping, clients.count < Relay.mostClients else { return }
    do throws(SystemError) {
      try loop.watch(listener.descriptor.raw) { [unowned self] in accept() }
      isListening = true
    } catch {
      log.error("the relay cannot listen now: \(error.sentence)")
      loop.after(500) { [weak self] in self?.listen() }
    }
  }

  private func pauseListening() {
    loop.unwatch(listener.descriptor.raw)
    isListening = false
  }

  private func accept() {
    for _ in 0..<64 {
      guard clients.count < Relay.mostClients else { return pauseListening() }
      let socket: SeqpacketSocket
      do throws(SystemError) { socket = SeqpacketSocket(try listener.accept()) } catch {
        guard error.isExhausted else { return }
        // The connection that cannot be taken stays in the queue, and its readiness would keep this loop spinning.
        log.error("no further login can be taken now: \(error.sentence)")
        pauseListening()
        loop.after(500) { [weak self] in self?.listen() }
        return
      }
      // Mode 0600 keeps others out; this is the second lock on that door.
      guard let peer = try? socket.peer(), peer.uid == 0 else {
        log.warning("a connection by somebody who is not root was dropped")
        continue
      }
      let client = Client(socket, relay: self)
      clients[client.number] = client
      do throws(SystemError) { try client.begin() } catch { clients.removeValue(forKey: client.number) }
    }
  }

  func forget(_ client: Client) {
    loop.unwatch(client.number)
    guard clients.removeValue(forKey: client.number) != nil else { return }
    listen()
    stopIfDone()
  }

  func answered(_ endpoint: PolicyEndpoint) {
    if health.answered(endpoint.url) { log.info("the policy endpoint \(endpoint.url) answers again") }
  }

  func failed(_ endpoint: PolicyEndpoint, _ failure: PolicyFailure) {
    guard let span = health.failed(endpoint.url, now: loop.now) else { return }
    let others = rules.endpoints.count > 1 ? "; the others are asked first for \(span / 1000) s" : ""
    log.warning("the policy endpoint \(endpoint.url) did not answer (\(failure.token): \(failure.detail))\(others)")
  }
}

/// What was published of the endpoints, and the host's token, read anew for each question.
struct KnownEndpoints: EndpointKnowledge {
  let published: EndpointAddresses

  func addresses(of endpoint: PolicyEndpoint) -> [String] { published.addresses(of: endpoint.host, port: endpoint.port) }
  func token(file: String) throws(PolicyFailure) -> String { try TokenFile.read(file) }
}
