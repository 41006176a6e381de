/// The way through the process table, some processes at a time: who may not keep others waiting looks at a few, and at the next ones
/// later (proc(5)). Processes come in the order of their numbers; one that begins behind the place where it stands is for the next walk.
public final class ProcessWalk {
  private let directory: FileDescriptor
  private var waiting: ArraySlice<Int32> = []
  private var isAtEnd = false

  public init() throws(SystemError) { directory = try FileDescriptor.open("/proc", .directory) }

  /// Bytes of entries that are asked for at once: some two hundred.
  private static var bite: Int { 8192 }

  /// The next ones, at most `limit`, also if they have ended since; none at the end.
  public func next(atMost limit: Int) throws(SystemError) -> [Int32] {
    while waiting.isEmpty, !isAtEnd {
      let names = try DirectoryStream.read(directory, stopAfter: 0, buffer: ProcessWalk.bite)
      isAtEnd = names.isEmpty
      waiting = names.compactMap { name in ProcessTable.decimal(name).flatMap { Int32(exactly: $0) } }[...]
    }
    let pids = Array(waiting.prefix(max(limit, 1)))
    waiting = waiting.dropFirst(pids.count)
    return pids
  }
}
