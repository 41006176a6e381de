/// What this program was started with, from /proc/self/cmdline: Embedded Swift has no `CommandLine`.
public enum ProgramArguments {
  /// All of them, the program's own name first; empty if /proc is not there.
  public static func own() -> [[UInt8]] {
    guard let bytes = ProcessTable.read("/proc/self/cmdline", cap: 1 << 21), bytes.last == 0 else { return [] }
    return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
  }
}
