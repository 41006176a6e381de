/// Moments that are to come, the earliest first. Every connection and every login has one, so that hundreds stand here when
/// hundreds log in: the loop, which asks in every turn, must not look at them all.
struct Timers {
  private struct Entry {
    let due: Int64
    let id: UInt64

    /// Of two that are due together the older one is first.
    func isBefore(_ other: Entry) -> Bool { (due, id) < (other.due, other.id) }
  }

  private var actions: [UInt64: EventLoop.Action] = [:]
  /// A binary heap; one that was cancelled stays in it until it comes to the top, or is half of it.
  private var heap: [Entry] = []
  private var next: UInt64 = 1

  /// - Parameter due: nanoseconds since boot.
  /// - Returns: its number.
  mutating func add(due: Int64, _ action: @escaping EventLoop.Action) -> UInt64 {
    let id = next
    next += 1
    actions[id] = action
    heap.append(Entry(due: due, id: id))
    rise()
    return id
  }

  mutating func cancel(_ id: UInt64) {
    guard actions.removeValue(forKey: id) != nil, heap.count > 64, heap.count > 2 * actions.count else { return }
    // In order, and a list in order is a heap.
    heap = heap.filter { actions[$0.id] != nil }.sorted { $0.isBefore($1) }
  }

  /// When the next one is due; nil if none is to come.
  var earliest: Int64? {
    mutating get {
      while let first = heap.first, actions[first.id] == nil { removeFirst() }
      return heap.first?.due
    }
  }

  /// Those that are due, in their order, and no longer among the moments; each is to be taken.
  mutating func due(at moment: Int64) -> [UInt64] {
    var found: [UInt64] = []
    while let first = heap.first, first.due <= moment {
      removeFirst()
      if actions[first.id] != nil { found.append(first.id) }
    }
    return found
  }

  /// nil if it was cancelled meanwhile.
  mutating func take(_ id: UInt64) -> EventLoop.Action? { actions.removeValue(forKey: id) }

  private mutating func rise() {
    var at = heap.count - 1
    while at > 0, heap[at].isBefore(heap[(at - 1) / 2]) {
      heap.swapAt(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
  }

  private mutating func removeFirst() {
    guard let last = heap.popLast(), !heap.isEmpty else { return }
    heap[0] = last
    var at = 0
    while true {
      let left = 2 * at + 1, right = left + 1
      guard left < heap.count else { return }
      let least = right < heap.count && heap[right].isBefore(heap[left]) ? right : left
      guard heap[least].isBefore(heap[at]) else { return }
      heap.swapAt(at, least)
      at = least
    }
  }
}
