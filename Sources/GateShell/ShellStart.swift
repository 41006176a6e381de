internal import CPlatform.System
internal import HostSystem

/// How the shell is started: with the arguments that this program has, but for the first, which is the shell's base name,
/// after a dash if this program was called as a login shell (execve(2); login(1) and sshd put it there).
struct ShellStart {
  private let path: PathBuffer
  /// All arguments, each with its NUL.
  private var block: [UInt8]
  /// Where they begin in `block`.
  private var places: [Int]

  /// nil if this process has no arguments, or /proc cannot say which.
  init?(_ path: PathBuffer) {
    let own = ProgramArguments.own()
    guard let called = own.first else { return nil }
    self.path = path
    block = called.first == 45 ? [45] : []
    var base = 0
    for i in 0..<path.count where path[i] == 47 { base = i + 1 }
    guard base < path.count else { return nil }
    for i in base..<path.count { block.append(path[i]) }
    block.append(0)
    places = [0]
    for argument in own.dropFirst() {
      places.append(block.count)
      block += argument
      block.append(0)
    }
  }

  /// Replaces this process; SHELL is the shell, the rest of the environment stays. Returns only if that fails.
  func become() {
    // SAFETY: every place lies in `block` and its text ends in a NUL there; path and array are lent across the calls.
    // setenv copies, and execv does not return if it succeeds.
    unsafe block.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      var arguments = unsafe [UnsafeMutablePointer<CChar>?]()
      for place in places {
        let text = unsafe UnsafeRawPointer(start).advanced(by: place).assumingMemoryBound(to: CChar.self)
        unsafe arguments.append(UnsafeMutablePointer(mutating: text))
      }
      unsafe arguments.append(nil)
      unsafe path.withCString { path in
        guard unsafe setenv("SHELL", path, 1) == 0 else { return }
        _ = unsafe execv(path, arguments)
      }
    }
  }
}
