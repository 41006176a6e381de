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

  /// nil if this process has no arguments, or /proc cannot say which. (Embedded Swift hands none to a program.)
  init?(_ path: PathBuffer) {
    guard let own = ProcessTable.read("/proc/self/cmdline", cap: 16 << 20), let first = own.first, own.last == 0,
      let end = own.firstIndex(of: 0)
    else { return nil }
    self.path = path
    block = first == 45 ? [45] : []
    var base = 0
    for i in 0..<path.count where path[i] == 47 { base = i + 1 }
    for i in base..<path.count { block.append(path[i]) }
    block.append(0)
    places = [0]
    guard base < path.count else { return nil }
    var next = end + 1
    while next < own.count {
      places.append(block.count)
      while next < own.count, own[next] != 0 {
        block.append(own[next])
        next += 1
      }
      block.append(0)
      next += 1
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
