internal import Encoding
internal import HostSystem

/// SSH servers of this host that take certificates of an authority, by whatever file their configuration names.
public enum TrustingServers {
  /// - Parameter keys: public keys as they are in a certificate (PROTOCOL.certkeys).
  /// - Returns: a sentence's beginning for each server that trusts one of them, or that cannot be asked.
  public static func all(_ keys: [[UInt8]], _ view: HostView = .host) -> [String] {
    let standard = "/usr/sbin/sshd"
    // Also the one that is started by the next connection, or by an admin.
    var sentences = view.files.facts(standard) == nil ? [] : [trusts(SSHListener(program: standard, options: [], pid: nil), keys, view)]
    for server in RunningSSHServer.all() {
      sentences.append(server.options.map { trusts(SSHListener(program: server.program, options: $0, pid: server.pid), keys, view) }
        ?? "\(server.program) (process \(server.pid)) runs with options that cannot be told from outside")
    }
    return sentences.compactMap { $0 }
  }

  private static func trusts(_ server: SSHListener, _ keys: [[UInt8]], _ view: HostView) -> String? {
    switch SSHServerSettings.ask(server, user: "root", run: view.run) {
    case .refused(let words): return "\(server.subject) cannot be asked what it trusts (\(words))"
    case .settings(let settings):
      guard let path = settings.one("trustedusercakeys"), path.begins(with: "/") else { return nil }
      let trusted: [[UInt8]]
      // A file that cannot be read is none for sshd either.
      do throws(SystemError) { trusted = try SSHAuthorities.keys(in: path, view.files) } catch { return nil }
      guard trusted.contains(where: { key in keys.contains { $0.elementsEqual(key) } }) else { return nil }
      return "\(server.subject) takes certificates of Sojourn's authorities (TrustedUserCAKeys \(path))"
    }
  }
}
