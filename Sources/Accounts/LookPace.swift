/// How fast a look at all processes goes on: a part of them, then a pause that is long beside what the part has cost, so that a host
/// with many processes neither spends its time on it nor has somebody wait for it.
public struct LookPace: Sendable {
  /// How many processes are a part: a few milliseconds, for which who asks the daemon may have to wait.
  public static let part = 100
  /// Milliseconds from the begin of one look to that of the next, at least.
  public static let least: Int64 = 1000
  /// Milliseconds in which a look comes to its end, however many processes there are, if parts cost what they cost now.
  public static let longest: Int64 = 30_000
  /// One of so many parts of a processor is spent on it.
  static let share: Int64 = 50

  /// Something waits for what this look finds: its pauses are as long as its parts, so that others still have their turns.
  public var isHurried: Bool
  private let parts: Int64
  /// Nanoseconds of processor so far.
  private var cost: Int64 = 0

  /// - Parameter processes: how many the last look found; 0 if there was none.
  public init(after processes: Int, isHurried: Bool) {
    parts = Int64(clamping: max(processes, 0) / LookPace.part) + 1
    self.isHurried = isHurried
  }

  /// - Parameter nanoseconds: of processor, that the part took which is done.
  /// - Returns: milliseconds until the next one.
  public mutating func pause(after nanoseconds: Int64) -> Int64 {
    let took = min(max(nanoseconds, 0), 60_000_000_000)
    cost = min(cost + took, 60_000_000_000)
    return min(took * (isHurried ? 1 : LookPace.share - 1) / 1_000_000, LookPace.longest / parts)
  }

  /// - Parameter elapsed: milliseconds that the look took.
  /// - Returns: milliseconds until the next one begins. After a hurried one come the pauses that it did not make, also before the next such one.
  public func rest(after elapsed: Int64) -> Int64 {
    let owed = isHurried ? min(cost * (LookPace.share - 1) / 1_000_000, LookPace.longest) : 0
    return max(LookPace.least - max(elapsed, 0), owed, 0)
  }
}
