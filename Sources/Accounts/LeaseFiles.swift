internal import Encoding
public import HostSystem
public import Identity

/// The leases' files, one a name, for root only; read again when the daemon starts.
public struct LeaseFiles: Sendable {
  private let directory: String
  /// The longest file that is believed, in bytes.
  static let cap = 16 << 20

  public init(directory: String) { self.directory = directory }

  private func path(_ name: AccountName) -> String { directory + "/" + name.text + ".json" }

  public func write(_ lease: Lease) throws(SystemError) {
    try SealedFile.write(path(lease.name), lease.json)
  }

  public func remove(_ name: AccountName) throws(SystemError) {
    do throws(SystemError) { try Files.remove(path(name)) } catch { if !error.isMissing { throw error } }
  }

  /// - Throws: ENOENT if the name has none; EINVAL if the file is damaged.
  func read(_ name: AccountName) throws(SystemError) -> Lease {
    guard Files.exists(path(name)) else { throw SystemError("open", code: 2) }
    let json: JSONValue
    do throws(SealedFile.Damage) { json = try SealedFile.read(path(name), cap: LeaseFiles.cap) } catch { throw error.passing ?? SystemError("read", code: 22) }
    guard let lease = try? Lease(MemberReader(json)), lease.name == name else { throw SystemError("read", code: 22) }
    return lease
  }

  /// A lease whose file cannot be read is not lost: its name is, if it can be told, so that it is taken down.
  public enum Found: Sendable {
    case lease(Lease)
    case damaged(AccountName, reason: String)
  }

  /// - Throws: if nobody can say now which there are; what is wrong with one file is said of that one.
  public func all() throws(SystemError) -> [Found] {
    var found: [Found] = []
    let suffix = ".json"
    for file in try Files.names(in: directory) {
      if file.hasSuffix(".json.new") { try? Files.remove(directory + "/" + file) }
      guard file.hasSuffix(suffix), let name = AccountName(String(file.dropLast(suffix.count))) else { continue }
      let json: JSONValue
      do throws(SealedFile.Damage) { json = try SealedFile.read(directory + "/" + file, cap: LeaseFiles.cap) } catch {
        if let passing = error.passing { throw passing }
        found.append(.damaged(name, reason: error.reason))
        continue
      }
      do throws(MemberError) {
        let lease = try Lease(MemberReader(json))
        found.append(lease.name == name ? .lease(lease) : .damaged(name, reason: "it is about another name"))
      } catch { found.append(.damaged(name, reason: error.sentence)) }
    }
    return found
  }
}
