internal import HostSystem
internal import Identity

/// Held from before the files are read until what they say is in place, by everybody who publishes: else of two that read
/// one after the other the earlier reading could come into place last, and take back what was revoked meanwhile.
public struct PublicationLock: ~Copyable {
  private let lock: FileLock

  /// Milliseconds between two attempts.
  private static var pause: Int32 { 50 }

  /// Waits until nobody else publishes.
  /// - Throws: `busy` if somebody still does after that many seconds; `notWritten`.
  public init(seconds: UInt64) throws(Publication.Failure) {
    try Publication.directory(Places.run, mode: 0o755)
    let deadline = Deadline(seconds: seconds, after: Moment.now())
    while true {
      do throws(SystemError) {
        let lock = try FileLock(Places.publicationLock)
        // Who deleted it could otherwise lock another one.
        if lock.stands(at: Places.publicationLock) {
          self.lock = lock
          return
        }
      } catch {
        guard error.isWouldBlock else { throw .notWritten(Places.publicationLock, error) }
      }
      guard !deadline.isOver(at: Moment.now()) else { throw .busy(seconds) }
      Pause.milliseconds(PublicationLock.pause)
    }
  }
}
