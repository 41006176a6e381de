public import HostSystem

/// The logins that wait for an end, one empty file each, `<pid>-<start time>`: the teardown, which is a process of its own and
/// may have begun before they came, spares them (THREATS T26: pam_loginuid may have marked them as the person's already).
public struct WaitingOpenings: Sendable {
  public static let place = "/run/sojourn/waiting"
  private let directory: String

  public init(directory: String = WaitingOpenings.place) { self.directory = directory }

  private func path(_ process: ProcessReference) -> String { "\(directory)/\(process.pid)-\(process.start)" }

  public func prepare() throws(SystemError) { try Files.makeDirectory(directory, mode: 0o700) }

  public func add(_ process: ProcessReference) throws(SystemError) { try Files.replace(path(process), with: [], mode: 0o600, durable: false) }

  public func remove(_ process: ProcessReference) throws(SystemError) {
    do throws(SystemError) { try Files.remove(path(process)) } catch { if !error.isMissing { throw error } }
  }

  /// What a daemon that is gone left behind.
  public func clear() {
    for name in (try? Files.names(in: directory)) ?? [] { try? Files.remove(directory + "/" + name) }
  }

  public func references() -> [ProcessReference] {
    ((try? Files.names(in: directory)) ?? []).compactMap { name in
      let parts = name.split(separator: "-")
      guard parts.count == 2, let pid = Int32(parts[0]), let start = UInt64(parts[1]) else { return nil }
      return ProcessReference(pid: pid, start: start)
    }
  }
}
