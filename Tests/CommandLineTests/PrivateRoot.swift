import Foundation

/// The built command line, run as root by a script in namespaces of its own, where /etc, /run, /var/lib and /tmp are fresh:
/// nothing of the machine is read or changed.
enum PrivateRoot {
  struct Failure: Error, CustomStringConvertible { let description: String }

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  static var package: URL {
    URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  static func sojourn() throws -> String {
    let folder = ProcessInfo.processInfo.environment["SOJOURN_BUILD"].map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("build")
    let file = folder.appendingPathComponent("sojourn").path
    guard FileManager.default.fileExists(atPath: file) else {
      throw Failure(description: "\(file) is not there: `make programs` builds it (or name its folder in SOJOURN_BUILD)")
    }
    return file
  }

  /// In the script `$S` is the command, `$E` the folder of examples; /etc/sojourn holds the least configuration that is right.
  static let prelude = """
    set -e
    work=$(mktemp -d /run/sojourn-command-XXXXXX)
    mount -t tmpfs -o mode=0755 tmpfs "$work"
    cp "$1" "$work/sojourn"; cp -r "$2" "$work/examples"; chmod -R go-w "$work"
    mkdir "$work/etc"; cp -a /etc/ld.so.cache /etc/ld.so.conf "$work/etc/" 2>/dev/null || true
    mount --bind "$work/etc" /etc
    mount -t tmpfs -o mode=0755 tmpfs /var/lib
    mkdir /var/lib/tool; mount --move "$work" /var/lib/tool 2>/dev/null || mount --rbind "$work" /var/lib/tool
    mount -t tmpfs -o mode=0755 tmpfs /run
    S=/var/lib/tool/sojourn; E=/var/lib/tool/examples
    mkdir -p /etc/sojourn/sojourn.toml.d /etc/skel
    echo 'root:x:0:0:root:/root:/bin/bash' >/etc/passwd
    printf 'root:x:0:\\nsojourn:x:992:\\ndbops:x:990:\\n' >/etc/group
    echo /bin/bash >/etc/shells
    echo 'passwd: files' >/etc/nsswitch.conf
    echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH ca' >/etc/sojourn/user_ca.pub
    printf '[certificate]\\ntrusted_ca = ["/etc/sojourn/user_ca.pub"]\\n[policy]\\nendpoints = ["http://127.0.0.1:8181/access/v1/evaluation"]\\n' >/etc/sojourn/sojourn.toml
    sum() { sha256sum /run/sojourn/config.json /var/lib/sojourn/config.json; }
    set +e

    """

  static func run(_ script: String) throws -> Outcome {
    guard getuid() == 0 else { throw Failure(description: "these tests need root: they make mount namespaces") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    process.arguments = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "bash", "-c", prelude + script, "private",
      try sojourn(), package.appendingPathComponent("packaging/examples").path]
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: nothing has to be read while it runs, and a child that lives on holds nothing up.
    let (out, err) = (folder.appendingPathComponent("out"), folder.appendingPathComponent("err"))
    for file in [out, err] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    try process.run()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: String(decoding: try Data(contentsOf: out), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: err), as: UTF8.self))
  }
}
