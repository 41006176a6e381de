internal import CPlatform.Curl

/// Many calls at once over connections that stay open, for one thread: the relay's. No call waits for another.
@safe public final class HTTPPool {
  private let pool: OpaquePointer
  private var calls: [Int: Entry] = [:]
  private var lastNumber = 0

  private final class Entry {
    let call: HTTPCall
    init(_ call: consuming HTTPCall) { self.call = call }
  }

  public struct Finished {
    /// As `begin` gave it.
    public let number: Int
    public let reply: HTTPReply
    /// It went over a connection that others had used before.
    public let wasKept: Bool
    /// Not one byte of an answer to this question came.
    public let isUnheard: Bool
    /// Answers carry the number of their question (HTTP/2): one that belongs to another cannot be taken for it.
    public let isNumbered: Bool
  }

  /// - Parameter kept: how many connections stay open while nobody uses them.
  // SAFETY: the pointer is the array's own storage, whose count is passed; the text in it ends in NUL.
  public init(kept: Int) throws(PolicyFailure) {
    var why = [CChar](repeating: 0, count: 256)
    let made = unsafe why.withUnsafeMutableBufferPointer { buffer -> OpaquePointer? in
      guard let base = buffer.baseAddress else { return nil }
      return unsafe sojourn_pool_new(kept, base, buffer.count)
    }
    guard let made = unsafe made else { throw .noLibrary(HTTPCall.text(why)) }
    unsafe pool = unsafe made
  }

  // SAFETY: calls leave the pool before they and it are freed.
  deinit {
    for entry in calls.values { unsafe sojourn_pool_cancel(pool, entry.call.raw) }
    calls = [:]
    unsafe sojourn_pool_free(pool)
  }

  /// - Parameter isFresh: over a connection of its own.
  /// - Returns: the call's number.
  public func begin(_ request: HTTPRequest, isFresh: Bool) throws(PolicyFailure) -> Int {
    let entry = Entry(try HTTPCall(request))
    guard unsafe entry.call.begin(in: pool, isFresh: isFresh) else {
      guard case .failed(let failure) = entry.call.reply(SOJOURN_HTTP_NO_LIBRARY) else { throw .noLibrary("") }
      throw failure
    }
    lastNumber += 1
    calls[lastNumber] = entry
    return lastNumber
  }

  /// Forgets a call and closes what it left half-said.
  // SAFETY: the call is in this pool, as everything in `calls` is.
  public func cancel(_ number: Int) {
    if let entry = calls.removeValue(forKey: number) { unsafe sojourn_pool_cancel(pool, entry.call.raw) }
  }

  /// Until a call has got further, the descriptor has something to read, or the time is over.
  // SAFETY: the pool is alive.
  public func wait(_ descriptor: CInt, milliseconds: CInt) { unsafe sojourn_pool_wait(pool, descriptor, milliseconds) }

  /// A call that has come to its end; nil if there is none.
  // SAFETY: the pool is alive, and what it gives back is one of `calls`, which is alive until it is taken out here.
  public func next() -> Finished? {
    var outcome = SOJOURN_HTTP_BROKEN
    while let raw = unsafe sojourn_pool_next(pool, &outcome) {
      guard let (number, entry) = calls.first(where: { unsafe $0.value.call.raw == raw }) else { continue }
      calls.removeValue(forKey: number)
      return unsafe Finished(number: number, reply: entry.call.reply(outcome), wasKept: sojourn_http_was_kept(raw) != 0,
        isUnheard: sojourn_http_is_unheard(raw) != 0, isNumbered: sojourn_http_version(raw) >= 3)
    }
    return nil
  }
}
