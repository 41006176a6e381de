internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// Keys of authorities and lists of what they revoked.
enum AuthorityFindings {
  static func findings(_ configuration: PublishedConfiguration, _ files: HostFiles, now: UInt64) -> [Finding] {
    keys(configuration, files) + configuration.certificate.revoked.map { list($0, files, now) }
  }

  /// ssh-keygen puts a private key beside its `.pub`; whoever signs must not be a host that is logged in to.
  private static func keys(_ configuration: PublishedConfiguration, _ files: HostFiles) -> [Finding] {
    var seen: [String] = []
    for file in configuration.certificate.trusted.map({ $0.file }) + (configuration.breakGlass.map { [$0.file] } ?? []) where !seen.contains(where: { $0.isExactly(file) }) {
      seen.append(file)
    }
    var findings: [Finding] = []
    for file in seen {
      let beside = file.ends(with: ".pub") ? String(decoding: file.utf8.dropLast(4), as: UTF8.self) : file + ".key"
      guard let first = try? files.lines(beside).first, first.begins(with: "-----BEGIN"), first.holds("PRIVATE KEY") else { continue }
      findings.append(Finding(.authorityKey, .warning, beside, "is the private key of an authority that this host trusts: whoever gets root here can log in as anybody on every host that trusts it",
        remedy: "move it to where certificates are signed, and remove it here with 'shred -u \(beside)'; if others had root here, make a new authority"))
    }
    return findings.isEmpty ? [Finding(.authorityKey, .ok, seen.joined(separator: ", "), "the private keys do not lie beside the public ones")] : findings
  }

  /// Seconds after which somebody should look whether lists still come.
  private static let old: UInt64 = 90 * 86400

  /// The head of an OpenSSH KRL (PROTOCOL.krl): magic, format, number, when it was made.
  private static func list(_ file: String, _ files: HostFiles, _ now: UInt64) -> Finding {
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.read(files.prefix + file, cap: 64 << 20) } catch {
      return Finding(.revocationList, .problem, file, "cannot be read (\(error.sentence)), so nobody is let in", remedy: "put the list there again, and have it written beside its place and renamed into it")
    }
    guard bytes.starts(with: "SSHKRL\n\0".utf8) else { return Finding(.revocationList, .ok, file, "is a list of keys") }
    func number(_ at: Int) -> UInt64 { bytes.dropFirst(at).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
    guard bytes.count >= 28 else { return Finding(.revocationList, .problem, file, "is cut off, so nobody is let in", remedy: "put the whole list there") }
    let made = number(20)
    let text = "is a KRL, number \(number(12)), made at \(Timestamp.text(min(made, Timestamp.latest)))"
    if made > now.addingReportingOverflow(86400).partialValue {
      return Finding(.revocationList, .warning, file, text + ", which is not yet: this host's clock is behind, or its maker's ahead", remedy: "check both clocks")
    }
    if made > 0, made + old < now {
      return Finding(.revocationList, .hint, file, text + ": if revocations have been made since, they do not reach this host", remedy: "see that whatever brings the list still runs")
    }
    return Finding(.revocationList, .ok, file, text)
  }
}
