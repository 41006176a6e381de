/// Now, on both clocks.
public struct Instant: Sendable {
  /// On the boot clock.
  public var milliseconds: Int64
  public var unixSeconds: UInt64

  public init(milliseconds: Int64, unixSeconds: UInt64) {
    self.milliseconds = milliseconds
    self.unixSeconds = unixSeconds
  }
}
