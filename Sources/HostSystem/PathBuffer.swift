internal import CPlatform.System

/// A path of at most 255 bytes on the stack, for the NSS module, which has no heap. What does not fit makes it
/// `overflowed`, and an overflowed path opens nothing.
public struct PathBuffer {
  private var bytes = InlineArray<256, UInt8>(repeating: 0)
  public private(set) var count = 0
  public private(set) var overflowed = false

  public init(_ text: StaticString) { append(text) }

  public mutating func append(_ byte: UInt8) {
    guard count < 255, byte != 0 else {
      overflowed = true
      return
    }
    bytes[count] = byte
    count += 1
  }

  public mutating func append(_ text: StaticString) {
    // SAFETY: a StaticString with pointer representation has utf8CodeUnitCount bytes at utf8Start for the life of the program.
    guard text.hasPointerRepresentation else { return }
    let start = unsafe text.utf8Start
    for i in 0..<text.utf8CodeUnitCount { append(unsafe start[i]) }
  }

  public mutating func append(_ text: borrowing Span<UInt8>) {
    for i in 0..<text.count { append(text[i]) }
  }

  public mutating func append(decimal value: UInt32) {
    var digits = InlineArray<10, UInt8>(repeating: 0)
    var rest = value
    var length = 0
    repeat {
      digits[length] = UInt8(truncatingIfNeeded: 48 + rest % 10)
      rest /= 10
      length += 1
    } while rest > 0
    while length > 0 {
      length -= 1
      append(digits[length])
    }
  }

  /// Opens what stands there for reading, without following a last link; the caller owns the descriptor. -1 and errno otherwise.
  public func open(directory: Bool = false) -> CInt {
    guard !overflowed else {
      sojourn_set_errno(ENAMETOOLONG)
      return -1
    }
    // SAFETY: the array ends in a NUL, because append stops at 255 of 256, and lives across the call.
    return unsafe withCString { path in
      unsafe sojourn_openat(AT_FDCWD, path, directory ? O_RDONLY | O_DIRECTORY | O_NOFOLLOW : O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
    }
  }

  /// Reads the link that stands there into `target`: its length, or -1.
  public func readLink(into target: inout InlineArray<64, UInt8>) -> Int {
    guard !overflowed else { return -1 }
    // SAFETY: both buffers live across the call and their sizes are passed; the path ends in a NUL as in `open`.
    return unsafe withCString { path in
      var span = target.mutableSpan
      return unsafe span.withUnsafeMutableBufferPointer { buffer -> Int in
        guard let base = buffer.baseAddress else { return -1 }
        return unsafe UnsafeMutableRawPointer(base).withMemoryRebound(to: CChar.self, capacity: buffer.count) {
          unsafe readlink(path, $0, buffer.count)
        }
      }
    }
  }

  // SAFETY: the pointer is valid during `body` only, and what it points at ends in a NUL (see `append`).
  private func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
    let span = bytes.span
    return unsafe span.withUnsafeBufferPointer { buffer in
      // An InlineArray of 256 bytes is never empty, so the base address is there; the empty literal keeps this total.
      guard let base = buffer.baseAddress else { return unsafe body("") }
      return unsafe UnsafeRawPointer(base).withMemoryRebound(to: CChar.self, capacity: 256) { unsafe body($0) }
    }
  }
}
