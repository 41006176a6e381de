internal import HostSystem

/// The audit log and what logrotate(8) made of its older parts, oldest first, the spool last. All that was there is open from
/// the start: a rotation meanwhile takes nothing away, and nothing is read twice.
public final class AuditArchive {
  private struct Place {
    let path: String
    /// Where it comes among the others: dates first, then numbers downwards.
    let rank: (Int, String)
    let isCompressed: Bool
  }

  private final class Part {
    let path: String
    let file: FileDescriptor
    let isCompressed: Bool

    init(_ path: String, _ file: consuming FileDescriptor, isCompressed: Bool) {
      self.path = path
      self.file = file
      self.isCompressed = isCompressed
    }
  }

  private var parts: [Part] = []
  /// Sentences about what cannot be read, and so is not known.
  public private(set) var gaps: [String] = []
  /// Lines that are no events, in what was read so far.
  public private(set) var damaged: UInt64 = 0
  /// The first event of the oldest part that was read so far: what was before, nobody knows.
  public private(set) var beginning: [UInt8] = []

  static let unpacker = "/usr/bin/gzip"

  /// - Parameters:
  ///   - log: the path of the current log; the older parts stand beside it.
  ///   - isWhole: false: the current log and the part before it only, for what happened just now.
  public init(log: String, spool: String, isWhole: Bool = true) {
    // The current ones first: what is rotated from here on is open already.
    let current = open(log, isCompressed: false)
    let waiting = open(spool, isCompressed: false)
    var older = older(than: log)
    if !isWhole { older = Array(older.filter { !$0.isCompressed }.suffix(1)) }
    let known = current.flatMap { try? $0.file.facts().inode }
    for place in older {
      guard let part = open(place.path, isCompressed: place.isCompressed), (try? part.file.facts().inode) != known else { continue }
      parts.append(part)
    }
    parts += [current, waiting].compactMap { $0 }
  }

  private func open(_ path: String, isCompressed: Bool) -> Part? {
    do throws(SystemError) {
      let file = try FileDescriptor.open(path, .read)
      let facts = try file.facts()
      guard facts.isRegular, facts.isTrusted else {
        gaps.append("\(path) is not believed: it is not a file that root alone can write")
        return nil
      }
      return Part(path, file, isCompressed: isCompressed)
    } catch {
      if !error.isMissing { gaps.append("\(path) cannot be opened: \(error.sentence)") }
      return nil
    }
  }

  /// `audit.jsonl.3`, `audit.jsonl.3.gz`, `audit.jsonl-20260101.gz`.
  private func older(than log: String) -> [Place] {
    let folder = Files.parent(of: log)
    let name = String(log.dropFirst(folder.utf8.count + 1))
    var found: [Place] = []
    let names = ((try? Files.names(in: folder)) ?? []).sorted()
    for entry in names where entry != name && entry.hasPrefix(name) {
      var rest = entry.dropFirst(name.count)
      let isCompressed = rest.hasSuffix(".gz")
      if isCompressed { rest = rest.dropLast(3) }
      let digits = String(rest.dropFirst())
      guard let first = rest.first, first == "." || first == "-" else { continue }
      guard !digits.isEmpty, digits.utf8.count <= 20, digits.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || (first == "-" && $0 == 45) }) else {
        // Temporary files of gzip and of editors are nobody's log.
        if [".xz", ".zst", ".bz2", ".lz4"].contains(where: { rest.hasSuffix($0) }) { gaps.append("\(folder)/\(entry) is compressed by a program that is not asked here: unpack it beside") }
        continue
      }
      // While gzip works, both stand there, and only the one is whole.
      if isCompressed, names.contains(String(entry.dropLast(3))) { continue }
      let rank = first == "-" ? (0, digits) : (1, String(repeating: "0", count: 20 - digits.utf8.count) + digits)
      found.append(Place(path: folder + "/" + entry, rank: rank, isCompressed: isCompressed))
    }
    return found.sorted { one, other in
      if one.rank.0 != other.rank.0 { return one.rank.0 < other.rank.0 }
      return one.rank.0 == 0 ? one.rank.1 < other.rank.1 : one.rank.1 > other.rank.1
    }
  }

  /// Calls `body` with every line that holds the bytes, in the order in which they were written.
  public func lines(with needle: [UInt8], _ body: ([UInt8]) -> Bool) {
    for part in parts {
      do throws(SystemError) {
        let scan = try part.isCompressed ? unpack(part, needle, body) : LineScan.lines(of: part.file, needle: needle, body)
        damaged += scan.damaged
        if beginning.isEmpty { beginning = scan.first }
      } catch {
        gaps.append("\(part.path) cannot be read to its end: \(error.sentence)")
      }
    }
    parts = []
  }

  /// gzip(1) reads what is open already, so that a new name makes no difference to it.
  private func unpack(_ part: Part, _ needle: [UInt8], _ body: ([UInt8]) -> Bool) throws(SystemError) -> LineScan {
    let pipe = try Pipe.make()
    let child = try ChildProcess.start(AuditArchive.unpacker, ["-dc"], descriptors: [part.file.raw, pipe.writing.raw, -1])
    let scan: LineScan
    do throws(SystemError) { scan = try LineScan.lines(of: pipe.takeReading(), needle: needle, body) } catch {
      child.signal(.kill)
      throw error
    }
    while true {
      if let status = child.exitStatus() {
        if status != 0 { gaps.append("\(part.path) cannot be unpacked to its end (gzip: status \(status))") }
        return scan
      }
      Pause.milliseconds(1)
    }
  }
}
