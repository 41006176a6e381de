internal import Encoding
internal import HostSystem
internal import Identity

/// The login shells of this host: the lines of /etc/shells (shells(5)). A host without the file lists none.
struct ListedShells {
  private let paths: [String]

  init(_ paths: [String]) { self.paths = paths }

  static func current() -> ListedShells {
    do throws(SystemError) {
      return ListedShells(lines: try Files.readTrusted("/etc/shells", cap: 64 * 1024))
    } catch {
      return ListedShells([])
    }
  }

  /// One absolute path a line; `#` begins a comment.
  init(lines: [UInt8]) {
    var paths: [String] = []
    for line in lines.split(separator: UInt8(ascii: "\n")) {
      let uncommented = line.prefix { $0 != UInt8(ascii: "#") }
      let path = uncommented.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
      if path.count == 1, let only = path.first, only.first == UInt8(ascii: "/") { paths.append(String(decoding: only, as: UTF8.self)) }
    }
    self.paths = paths
  }

  /// Listed, an executable file, and not Sojourn's own gate, which would ask for the lease's shell again for ever.
  func admits(_ path: String) -> Bool {
    guard path.begins(with: "/"), !path.isExactly(Places.gateShell), paths.holds(path) else { return false }
    return ListedShells.isProgram(path)
  }

  /// /bin/sh is a link on Debian, so links are followed, eight at most.
  private static func isProgram(_ path: String) -> Bool {
    var at = path
    for _ in 0..<8 {
      do throws(SystemError) {
        let facts = try Files.facts(at)
        guard facts.isLink else { return facts.isRegular && facts.mode & 0o111 != 0 }
        let target = try Files.linkTarget(at)
        guard let text = String.ifValid(target), !text.utf8.isEmpty else { return false }
        at = text.begins(with: "/") ? text : Files.parent(of: at) + "/" + text
      } catch {
        return false
      }
    }
    return false
  }
}
