internal import CPlatform.System

/// The way through the process table, some processes at a time: who may not keep others waiting looks at a few, and at the next ones
/// later (proc(5)). Processes come in the order of their numbers; one that begins behind the place where it stands is for the next walk.
/// Between two steps nothing is open.
public struct ProcessWalk {
  /// Where it stands in /proc: to lseek(2) the place that it was itself told there.
  private var place: Int = 0
  private var waiting: ArraySlice<Int32> = []
  private var isAtEnd = false

  public init() {}

  /// Bytes of an entry of /proc (getdents64(2)): what is listed is given out at once. A number that is listed and read after a pause is
  /// one behind which a process may have gone on to the next, again and again.
  private static var entry: Int { 24 }

  /// The next ones, at most `limit`, also if they have ended since; none at the end.
  public mutating func next(atMost limit: Int) throws(SystemError) -> [Int32] {
    while waiting.isEmpty, !isAtEnd {
      let directory = try FileDescriptor.open("/proc", .directory)
      guard lseek(directory.raw, place, SEEK_SET) >= 0 else { throw .last("lseek") }
      let names = try DirectoryStream.read(directory, stopAfter: 0, buffer: max(limit, 8) * ProcessWalk.entry)
      place = lseek(directory.raw, 0, SEEK_CUR)
      guard place >= 0 else { throw .last("lseek") }
      isAtEnd = names.isEmpty
      waiting = names.compactMap { name in ProcessTable.decimal(name).flatMap { Int32(exactly: $0) } }[...]
    }
    let pids = Array(waiting.prefix(max(limit, 1)))
    waiting = waiting.dropFirst(pids.count)
    return pids
  }
}
