public import HostSystem

/// Whose files a search must still look for: an empty file a uid, which outlives daemon and boot.
public struct StrayMarks: Sendable {
  private let directory: String

  public init(directory: String) { self.directory = directory }

  public func add(_ uid: UInt32) throws(SystemError) {
    try Files.makeDirectory(directory, mode: 0o700)
    let path = "\(directory)/\(uid)"
    if !Files.exists(path) { try Files.replace(path, with: [], mode: 0o600, durable: true) }
  }

  public func remove(_ uid: UInt32) { try? Files.remove("\(directory)/\(uid)") }

  public func all() -> [UInt32] { ((try? Files.names(in: directory)) ?? []).compactMap { UInt32($0) }.sorted() }
}
