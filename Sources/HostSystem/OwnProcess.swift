internal import CPlatform.System

/// This process: its environment and its end.
public enum OwnProcess {
  /// The variable's value, taken out of the environment so that no child hears it. For programs with one thread only.
  public static func takeVariable(_ name: String) -> String? {
    // SAFETY: getenv's string is copied before unsetenv may free it; the temporary C strings live across the calls.
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    _ = unsafe unsetenv(name)
    return text
  }

  /// The variable's value, if there is one.
  public static func variable(_ name: String) -> String? {
    // SAFETY: getenv's string is copied at once; the temporary C string lives across the call.
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// Sets one for this process and the programs that it starts. For programs with one thread only.
  public static func setVariable(_ name: String, _ value: String) {
    // SAFETY: the temporary C strings live across the call, which copies them.
    _ = unsafe setenv(name, value, 1)
  }

  /// Has it a terminal on which a person can be asked, whatever its standard streams are (tty(4))?
  public static var hasTerminal: Bool {
    do throws(SystemError) { _ = try FileDescriptor.open("/dev/tty", .read) } catch { return false }
    return true
  }

  /// As many descriptors as the hard limit allows (setrlimit(2)).
  public static func raiseDescriptorLimit() { _ = sojourn_raise_descriptor_limit() }

  /// Is killed when its parent ends (PR_SET_PDEATHSIG), from now on; ends at once if that is no longer its parent: nobody would
  /// ever tell it.
  /// - Parameter parent: the process that started it, as that one says; else whoever is its parent now.
  public static func endWithParent(_ parent: Int32? = nil) {
    let parent = parent ?? getppid()
    _ = sojourn_parent_death_signal()
    if getppid() != parent { exit(1) }
  }

  /// What `ps -e` shows, up to 15 bytes (PR_SET_NAME).
  public static func setName(_ name: String) {
    // SAFETY: the temporary C string lives across the call, which copies it.
    unsafe sojourn_set_name(name)
  }

  /// Runs, and reads from disks, only when nobody else wants to (setpriority(2), ioprio_set(2)).
  public static func yieldToOthers() { sojourn_yield_to_others() }

  /// Ends it (exit(3)).
  public static func end(_ status: Int32) -> Never { exit(status) }
}
