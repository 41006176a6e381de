import HostSystem

/// One thread, one loop: descriptors that have something to read, and moments that have come. Nothing here ever waits for
/// anything else; what may take time is done by a process of its own (`Worker`).
final class EventLoop {
  typealias Action = () -> Void

  private let events: EventSet
  private var actions: [Int32: Action] = [:]
  private var timers: [(id: UInt64, due: Int64, action: Action)] = []
  private var nextTimer: UInt64 = 1
  private var isStopping = false

  init() throws(SystemError) { events = try EventSet() }

  func watch(_ descriptor: Int32, _ action: @escaping Action) throws(SystemError) {
    try events.add(descriptor)
    actions[descriptor] = action
  }

  /// Before the descriptor is closed.
  func unwatch(_ descriptor: Int32) {
    if actions.removeValue(forKey: descriptor) != nil { events.remove(descriptor) }
  }

  /// Milliseconds on the clock that counts suspend.
  @discardableResult
  func after(_ milliseconds: Int64, _ action: @escaping Action) -> UInt64 {
    let id = nextTimer
    nextTimer += 1
    timers.append((id, Moment.now().boot + milliseconds * 1_000_000, action))
    return id
  }

  func cancel(_ timer: UInt64) { timers.removeAll { $0.id == timer } }

  func stop() { isStopping = true }

  func run() {
    while !isStopping {
      let now = Moment.now().boot
      let due = timers.map(\.due).min()
      let wait: Int32 = due.map { $0 <= now ? 0 : Int32(clamping: ($0 - now) / 1_000_000 + 1) } ?? -1
      // An action may unwatch what is also ready: it is looked up only when its turn comes.
      for descriptor in events.wait(milliseconds: wait) { actions[descriptor]?() }
      let moment = Moment.now().boot
      let over = timers.filter { $0.due <= moment }
      timers.removeAll { $0.due <= moment }
      for timer in over { timer.action() }
    }
  }
}
