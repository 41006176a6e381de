internal import CPlatform.System

/// Text of at most `capacity - 1` bytes on the stack, for the NSS module, which has no heap. What does not fit, and a NUL,
/// makes it `overflowed`; the text is then cut, and an overflowed path opens nothing.
public struct StackText<let capacity: Int>: Sendable {
  var bytes = InlineArray<capacity, UInt8>(repeating: 0)
  public internal(set) var count = 0
  public private(set) var overflowed = false

  public init() {}
  public init(_ text: StaticString) { append(text) }

  public mutating func append(_ byte: UInt8) {
    guard count < capacity - 1, byte != 0, !overflowed else {
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

  public subscript(_ index: Int) -> UInt8 { index >= 0 && index < count ? bytes[index] : 0 }

  /// Lends the text that was appended so far.
  public func withSpan<R>(_ body: (borrowing Span<UInt8>) -> R) -> R { body(bytes.span.extracting(0..<count)) }

  /// Lends the text as a C string.
  // SAFETY: the pointer is valid during `body` only, and what it points at ends in a NUL, because `append` leaves the last
  // of the `capacity` bytes alone.
  @unsafe public func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
    let span = bytes.span
    return unsafe span.withUnsafeBufferPointer { buffer in
      // Only a capacity of 0 has no base address; the empty literal, which ends in a NUL too, keeps this total. (As a
      // StaticString: a String here would allocate.)
      let empty: StaticString = ""
      let base = unsafe buffer.baseAddress ?? empty.utf8Start
      return unsafe UnsafeRawPointer(base).withMemoryRebound(to: CChar.self, capacity: max(buffer.count, 1)) { unsafe body($0) }
    }
  }
}

/// A path of at most 255 bytes.
public typealias PathBuffer = StackText<256>

extension StackText {
  /// Opens what stands there for reading, without following a last link; the caller owns the descriptor. -1 and errno otherwise.
  public func open(directory: Bool = false) -> CInt {
    guard !overflowed else {
      sojourn_set_errno(ENAMETOOLONG)
      return -1
    }
    // SAFETY: `withCString` lends a C string for the call.
    return unsafe withCString { path in
      unsafe sojourn_openat(AT_FDCWD, path, directory ? O_RDONLY | O_DIRECTORY | O_NOFOLLOW : O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)
    }
  }

  /// What stands at the path itself; a link is a link.
  public func facts() throws(SystemError) -> FileFacts {
    guard !overflowed else { throw SystemError("stat", code: ENAMETOOLONG) }
    var s = sojourn_stat()
    // SAFETY: `withCString` lends a C string for the call; `s` outlives it and is only filled.
    guard unsafe withCString({ unsafe sojourn_fstatat(AT_FDCWD, $0, &s) }) == 0 else { throw .last("stat") }
    return FileFacts(s)
  }

  /// Reads the link that stands there: the length of its target, which is cut at the size of `target`.
  public func readLink<let size: Int>(into target: inout InlineArray<size, UInt8>) throws(SystemError) -> Int {
    guard !overflowed else { throw SystemError("readlink", code: ENAMETOOLONG) }
    // SAFETY: both buffers live across the call and their sizes are passed; the path ends in a NUL as in `open`.
    let count = unsafe withCString { path in
      var span = target.mutableSpan
      return unsafe span.withUnsafeMutableBufferPointer { buffer -> Int in
        guard let base = buffer.baseAddress else { return -1 }
        return unsafe UnsafeMutableRawPointer(base).withMemoryRebound(to: CChar.self, capacity: buffer.count) {
          unsafe readlink(path, $0, buffer.count)
        }
      }
    }
    guard count >= 0 else { throw .last("readlink") }
    return count
  }
}
