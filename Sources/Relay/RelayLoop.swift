internal import HostSystem
internal import Policy

/// One thread, one loop: descriptors that have something to read, moments that have come, calls that have ended. It waits in
/// libcurl, which waits for its connections and, with them, for all that this loop watches (epoll(7)).
final class RelayLoop {
  typealias Action = () -> Void

  private let events: EventSet
  private let pool: HTTPPool
  private var watches: [Int32: (since: UInt64, action: Action)] = [:]
  private var timers: [UInt64: (due: Int64, action: Action)] = [:]
  private var calls: [Int: (HTTPPool.Finished) -> Void] = [:]
  private var nextTimer: UInt64 = 1
  private var turn: UInt64 = 0
  private var isStopping = false

  init(kept: Int) throws(PolicyFailure) {
    do throws(SystemError) { events = try EventSet() } catch { throw .noLibrary(error.sentence) }
    pool = try HTTPPool(kept: kept)
  }

  /// Milliseconds since boot, suspend included.
  var now: Int64 { Moment.now().boot / 1_000_000 }

  func watch(_ descriptor: Int32, _ action: @escaping Action) throws(SystemError) {
    try events.add(descriptor)
    watches[descriptor] = (turn, action)
  }

  /// Before the descriptor is closed.
  func unwatch(_ descriptor: Int32) {
    if watches.removeValue(forKey: descriptor) != nil { events.remove(descriptor) }
  }

  @discardableResult
  func after(_ milliseconds: Int64, _ action: @escaping Action) -> UInt64 {
    let id = nextTimer
    nextTimer += 1
    timers[id] = (now + max(0, milliseconds), action)
    return id
  }

  func cancel(timer: UInt64) { timers.removeValue(forKey: timer) }

  /// - Parameter done: called once, from the loop, and never before this has returned; not called after `cancel`.
  func post(_ request: HTTPRequest, isFresh: Bool, done: @escaping (HTTPPool.Finished) -> Void) throws(PolicyFailure) -> Int {
    let number = try pool.begin(request, isFresh: isFresh)
    calls[number] = done
    return number
  }

  func cancel(call: Int) {
    calls.removeValue(forKey: call)
    pool.cancel(call)
  }

  func stop() { isStopping = true }

  func run() {
    while !isStopping {
      let due = timers.values.lazy.map(\.due).min()
      // libcurl knows when its own calls are over; the cap is for a clock that was suspended.
      pool.wait(events.descriptor, milliseconds: Int32(clamping: min(60_000, max(0, (due ?? .max) - now))))
      turn += 1
      while let finished = pool.next() { calls.removeValue(forKey: finished.number)?(finished) }
      for descriptor in events.wait(milliseconds: 0) {
        // An action may unwatch what is also ready; and its number may by now be that of another descriptor.
        guard let watch = watches[descriptor], watch.since < turn else { continue }
        watch.action()
      }
      let moment = now
      for id in timers.filter({ $0.value.due <= moment }).keys.sorted() { timers.removeValue(forKey: id)?.action() }
    }
  }
}
