internal import Policy

/// The calls to endpoints' servers that are under way, in one pool of connections of libcurl's.
final class EndpointCalls {
  private let pool: HTTPPool
  private var waiting: [Int: (HTTPPool.Finished) -> Void] = [:]

  /// Milliseconds: libcurl knows when its own calls are over; this is for a clock that was suspended.
  private static let longestWait: Int32 = 60_000

  /// - Parameter kept: connections that stay open while nobody asks.
  init(kept: Int) throws(PolicyFailure) { pool = try HTTPPool(kept: kept) }

  /// - Parameter done: called once, from `wait`; not called after `cancel`.
  /// - Returns: the call's number.
  func post(_ request: HTTPRequest, isFresh: Bool, done: @escaping (HTTPPool.Finished) -> Void) throws(PolicyFailure) -> Int {
    let number = try pool.begin(request, isFresh: isFresh)
    waiting[number] = done
    return number
  }

  func cancel(_ number: Int) {
    waiting.removeValue(forKey: number)
    pool.cancel(number)
  }

  /// How the relay's loop waits: in libcurl, for its connections and, with them, for all that the loop watches.
  func wait(_ descriptor: Int32, milliseconds: Int32) {
    pool.wait(descriptor, milliseconds: milliseconds < 0 ? EndpointCalls.longestWait : min(milliseconds, EndpointCalls.longestWait))
    while let finished = pool.next() { waiting.removeValue(forKey: finished.number)?(finished) }
  }
}
