import Events
import HostSystem
import Logging

/// The daemon's own log, a line each on standard error, for the journal or a terminal. A line that would have to wait (the
/// journal is stopped, a terminal is held with ^S) is left out: the loop that ends sessions may not hang on being watched.
struct StandardErrorLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info
  private static let stream = StandardError()

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    StandardErrorLog.stream.write("\(event.level): \(event.message)\n")
  }
}

private final class StandardError: Sendable {
  private let descriptor = FileDescriptor(owning: 2)

  func write(_ line: String) {
    if descriptor.isWritable { try? descriptor.writeAll(Array(line.utf8)) }
  }
}
