import ConfigurationFile
import Foundation
import Glibc
import Readiness

/// A small host in a directory of its own, owned by whoever runs the tests, with all that a configuration can name.
final class WrittenHost {
  let root: String
  var files: HostFiles { HostFiles(prefix: root, owner: getuid()) }

  init() throws {
    root = NSTemporaryDirectory() + "sojourn-configuration-\(UUID().uuidString)"
    for directory in ["/etc/sojourn/sojourn.toml.d", "/etc/skel", "/bin", "/usr/sbin", "/usr/lib/openssh", "/var/lib", "/proc/sys/kernel", "/home", "/srv"] {
      try FileManager.default.createDirectory(atPath: root + directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }
    try write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nkim:x:1000:1000::/home/kim:/bin/bash\nbig:x:70000:70001::/srv/big:/bin/bash\n")
    try write("/etc/group", "root:x:0:\nsudo:x:27:kim\ndbops:x:990:\ndeploy:x:991:\ninside:x:65600:\nsojourn:x:992:\n")
    try write("/etc/subuid", "kim:2000000000:65536\n")
    try write("/etc/shells", "# shells\n/bin/sh\n/bin/bash\n")
    try write("/etc/login.defs", "UID_MIN 1000\nUID_MAX 60000\nSUB_UID_MIN 100000\nSUB_UID_MAX 600100000\n")
    try write("/proc/sys/kernel/hostname", "db1\n")
    try write("/bin/bash", "#!\n", mode: 0o755)
    try write("/bin/zsh", "#!\n", mode: 0o755)
    try write("/usr/sbin/sshd", "#!\n", mode: 0o755)
    try write("/etc/sojourn/user_ca.pub", WrittenHost.authority + "\n")
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// Two well-formed Ed25519 public keys.
  static let authority = "ssh-ed25519 " + key(7) + " authority"
  static func key(_ fill: UInt8) -> String {
    var blob: [UInt8] = [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32]
    blob += [UInt8](repeating: fill, count: 32)
    return Data(blob).base64EncodedString()
  }

  func write(_ path: String, _ text: String, mode: Int = 0o644) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: root + path)
  }

  /// The least that is a whole configuration.
  static let least = """
    [certificate]
    trusted_ca = ["/etc/sojourn/user_ca.pub"]
    [policy]
    endpoints = ["https://policy.example.com/access/v1/evaluation"]

    """

  static func policy(endpoint: String) -> String {
    least.replacingOccurrences(of: "https://policy.example.com/access/v1/evaluation", with: endpoint) + range
  }

  /// With the user range of the host's own big user taken out of the way.
  static let range = "[accounts]\nuid_range = [80000, 99999]\n"

  func read(_ text: String, dropIns: [(String, String)] = []) throws -> ConfigurationFiles {
    try write("/etc/sojourn/sojourn.toml", text)
    for (name, text) in dropIns { try write("/etc/sojourn/sojourn.toml.d/" + name, text) }
    return ConfigurationFiles.read(files)
  }

  /// The least configuration, with more after it.
  func readLeast(and more: String) throws -> ConfigurationFiles {
    try read(WrittenHost.least + (more.contains("uid_range") ? "" : WrittenHost.range) + more)
  }
}

extension WrittenHost {
  func mode(_ path: String, _ bits: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: bits], ofItemAtPath: root + path)
  }

  func directory(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  }

  /// A socket, in place of what is there.
  func socket(_ path: String) throws {
    try? FileManager.default.removeItem(atPath: root + path)
    let fd = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(fd) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array((root + path).utf8)
    guard fd >= 0, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw CocoaError(.fileWriteUnknown) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 }
    }
    guard isBound else { throw CocoaError(.fileWriteUnknown) }
  }

  func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: root + path, withDestinationPath: target)
  }
}
