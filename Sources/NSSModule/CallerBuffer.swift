internal import HostSystem

/// Where the strings of an answer go: the caller's buffer, and nowhere else (programs free what they passed, and only that).
@safe
struct CallerBuffer {
  private let start: UnsafeMutablePointer<CChar>?
  private let size: UInt
  private var used: UInt = 0

  // SAFETY: the caller says that `length` bytes are his at `start`; `reserve` is asked before anything is written there.
  @unsafe init(_ start: UnsafeMutablePointer<CChar>?, _ length: Int) {
    unsafe self.start = start
    size = unsafe start == nil ? 0 : UInt(bitPattern: length)
  }

  /// - Throws: `small`, before a byte is written, unless `bytes` more fit.
  func reserve(_ bytes: Int) throws(Absence) {
    guard UInt(bitPattern: bytes) <= size - used else { throw .small }
  }

  /// An array of pointers that holds only its end, at an address that pointers may have.
  mutating func emptyList(andThen bytes: Int) throws(Absence) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
    guard let start = unsafe start else { throw .small }
    let address = UInt(bitPattern: start)
    let width = unsafe MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
    let mask = unsafe UInt(bitPattern: MemoryLayout<UnsafeMutablePointer<CChar>?>.alignment) &- 1
    let gap = (0 &- address) & mask
    try reserve(Int(bitPattern: gap) + width + bytes)
    // SAFETY: `gap + width` bytes are reserved, and address + gap is a multiple of the alignment.
    let list = unsafe UnsafeMutableRawPointer(start + Int(bitPattern: gap))
      .bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: 1)
    unsafe list.initialize(to: nil)
    used = gap + UInt(bitPattern: width)
    return unsafe list
  }

  /// Copies a piece of `text` and a NUL. What was not reserved is cut, never written.
  mutating func put<let capacity: Int>(_ text: borrowing StackText<capacity>, _ range: Range<Int>) throws(Absence) -> UnsafeMutablePointer<CChar> {
    try reserve(range.count + 1)
    guard let start = unsafe start else { throw .small }
    // SAFETY: `range.count + 1` bytes from `used` on lie within `size`.
    let place = unsafe start + Int(bitPattern: used)
    var at = 0
    // One span for all of it: each single look through `text` would copy the whole text first.
    text.withSpan { bytes in
      for i in range {
        unsafe place[at] = CChar(bitPattern: i >= 0 && i < bytes.count ? bytes[i] : 0)
        at += 1
      }
    }
    unsafe place[at] = 0
    used += UInt(bitPattern: at) + 1
    return unsafe place
  }
}
