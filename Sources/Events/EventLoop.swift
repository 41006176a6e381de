public import HostSystem

/// One thread, one loop: descriptors that have something to read, and moments that have come. Nothing here ever waits for
/// anything else; what may take time is done by a process of its own (`Worker`).
public final class EventLoop {
  public typealias Action = () -> Void

  private struct Watch {
    /// The turn in which it was begun.
    let since: UInt64
    let action: Action
  }

  private let events: EventSet
  private var watches: [Int32: Watch] = [:]
  private var timers = Timers()
  private var turn: UInt64 = 0
  private var isStopping = false

  /// How it waits, if not by itself: until the descriptor has something to read, or that many milliseconds are over (-1: for ever).
  private let waiting: ((Int32, Int32) -> Void)?

  /// - Parameter waiting: waits in another's place, for who has descriptors of its own to wait for as well.
  public init(waiting: ((Int32, Int32) -> Void)? = nil) throws(SystemError) {
    events = try EventSet()
    self.waiting = waiting
  }

  /// Milliseconds since boot, suspend included.
  public var now: Int64 { Moment.now().boot / 1_000_000 }

  public func watch(_ descriptor: Int32, _ action: @escaping Action) throws(SystemError) {
    try events.add(descriptor)
    watches[descriptor] = Watch(since: turn, action: action)
  }

  /// Before the descriptor is closed.
  public func unwatch(_ descriptor: Int32) {
    if watches.removeValue(forKey: descriptor) != nil { events.remove(descriptor) }
  }

  /// Milliseconds on the clock that counts suspend.
  @discardableResult
  public func after(_ milliseconds: Int64, _ action: @escaping Action) -> UInt64 {
    timers.add(due: Moment.now().boot + milliseconds * 1_000_000, action)
  }

  public func cancel(_ timer: UInt64) { timers.cancel(timer) }

  public func stop() { isStopping = true }

  public func run() {
    while !isStopping {
      let now = Moment.now().boot
      let wait: Int32 = timers.earliest.map { $0 <= now ? 0 : Int32(clamping: ($0 - now) / 1_000_000 + 1) } ?? -1
      waiting?(events.descriptor, wait)
      let ready = events.wait(milliseconds: waiting == nil ? wait : 0)
      turn += 1
      for descriptor in ready {
        // An action may unwatch what is also ready; and its number may by now be that of another descriptor, which
        // was not asked in this turn: what it has to say it says in the next.
        guard let watch = watches[descriptor], watch.since < turn else { continue }
        watch.action()
      }
      let moment = Moment.now().boot
      // What an action begins at once has its turn after the descriptors had theirs.
      for id in timers.due(at: moment) { timers.take(id)?() }
    }
  }
}
