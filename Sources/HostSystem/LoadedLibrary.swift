internal import CPlatform.System

/// A library that this process has loaded, for good (dlopen(3)): its initialisers have run, and all that it needs was found.
/// Only a process that was started for it loads one to see whether it can be loaded.
@safe public struct LoadedLibrary {
  private let handle: UnsafeMutableRawPointer

  public struct Failure: Error {
    /// The linker's own words.
    public let words: String
  }

  public init(_ path: String) throws(Failure) {
    var detail = [CChar](repeating: 0, count: 1024)
    let count = detail.count
    // SAFETY: the temporary C string lives across the call; the buffer's count is passed with it.
    let loaded = unsafe detail.withUnsafeMutableBufferPointer { buffer -> UnsafeMutableRawPointer? in
      guard let base = buffer.baseAddress else { return nil }
      return unsafe sojourn_load(path, base, count)
    }
    guard let loaded = unsafe loaded else {
      throw Failure(words: String(decoding: detail.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    unsafe handle = loaded
  }

  /// Does the library, or one that it needs, define the symbol?
  public func defines(_ symbol: String) -> Bool {
    // SAFETY: the handle is never closed.
    unsafe sojourn_defines(handle, symbol) == 1
  }
}
