internal import CPlatform.System

/// Lines of a file or pipe, however long it is: a block at a time, in one buffer. Logs of years are read by it, so a line is
/// copied only if it holds what is looked for.
public struct LineScan: Sendable {
  /// The first line that has the form of a JSON object; empty if there is none.
  public private(set) var first: [UInt8] = []
  /// Lines that have not: torn, or longer than the buffer.
  public private(set) var damaged: UInt64 = 0

  /// Bytes; the longest line that is taken.
  static var cap: Int { 1 << 20 }

  /// - Parameters:
  ///   - needle: what a line must hold to be taken; not empty.
  ///   - body: a line without its end; false stops the scan.
  public static func lines(of source: borrowing FileDescriptor, needle: [UInt8], _ body: ([UInt8]) -> Bool) throws(SystemError) -> LineScan {
    var scan = LineScan()
    var buffer = [UInt8](repeating: 0, count: cap)
    var held = 0
    var isSkipping = false
    while true {
      // SAFETY: `held` is at most the array's count, and the rest of it is what is passed.
      let got = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe read(source.raw, base + held, bytes.count - held)
      }
      if got < 0 {
        let error = SystemError.last("read")
        if error.isInterrupted { continue }
        throw error
      }
      let end = held + got
      var at = 0
      while let stop = find(10, in: buffer, from: at, to: end) {
        if isSkipping {
          isSkipping = false
        } else if scan.isWanted(buffer, at, stop, needle), !body(Array(buffer[at..<stop])) {
          return scan
        }
        at = stop + 1
      }
      if got == 0 {
        // What has no end was torn by a power cut, unless only its newline is missing.
        if at < end, !isSkipping, scan.isWanted(buffer, at, end, needle) { _ = body(Array(buffer[at..<end])) }
        return scan
      }
      if at == 0, end == buffer.count {
        if !isSkipping { scan.damaged += 1 }
        isSkipping = true
        held = 0
      } else {
        held = isSkipping ? 0 : end - at
        if held > 0, at > 0 { buffer.replaceSubrange(0..<held, with: Array(buffer[at..<end])) }
      }
    }
  }

  private mutating func isWanted(_ buffer: [UInt8], _ start: Int, _ end: Int, _ needle: [UInt8]) -> Bool {
    guard end > start else { return false }
    guard end - start >= 2, buffer[start] == UInt8(ascii: "{"), buffer[end - 1] == UInt8(ascii: "}") else {
      damaged += 1
      return false
    }
    if first.isEmpty { first = Array(buffer[start..<end]) }
    // SAFETY: start..<end lies in the array, whose storage and that of the needle live across the call.
    return unsafe buffer.withUnsafeBytes { bytes -> Bool in
      unsafe needle.withUnsafeBytes { wanted -> Bool in
        guard let base = bytes.baseAddress, let what = wanted.baseAddress else { return false }
        return unsafe sojourn_holds(base + start, end - start, what, wanted.count) != 0
      }
    }
  }

  private static func find(_ byte: UInt8, in buffer: [UInt8], from start: Int, to end: Int) -> Int? {
    guard start < end else { return nil }
    // SAFETY: start..<end lies in the array; memchr answers a place in it or nothing.
    return unsafe buffer.withUnsafeBytes { bytes -> Int? in
      guard let base = bytes.baseAddress, let place = unsafe memchr(base + start, CInt(byte), end - start) else { return nil }
      return unsafe base.distance(to: UnsafeRawPointer(place))
    }
  }
}
