/// This process as it was started: what the kernel has of it, whatever the program has made of its environment since
/// (proc_pid_environ(5), proc_pid_cmdline(5)). All of it is the caller's choice.
public enum InvokedProcess {
  /// Bytes of either; who starts a program with more is told that nothing of it is known.
  private static var cap: Int { 8 << 20 }

  /// A variable of the environment it was started with: sudo shows modules another one (getenv is hooked).
  public static func variable(_ name: StaticString) -> [UInt8]? {
    guard let bytes = ProcessTable.read("/proc/self/environ", cap: cap) else { return nil }
    let wanted = Array("\(name)=".utf8)
    for entry in bytes.split(separator: 0) where entry.starts(with: wanted) { return Array(entry.dropFirst(wanted.count)) }
    return nil
  }

  /// The words it was started with; nil if they cannot all be read.
  public static func words() -> [[UInt8]]? {
    guard let bytes = ProcessTable.read("/proc/self/cmdline", cap: cap), bytes.last == 0 else { return nil }
    return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
  }
}
