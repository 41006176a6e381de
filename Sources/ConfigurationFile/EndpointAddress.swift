internal import Configuration
internal import Encoding
internal import FoundationEssentials
internal import HostSystem
internal import Readiness

/// The address of a policy endpoint, taken apart once, so that modules parse no URL (RFC 3986; RFC 9110 section 4.2).
enum EndpointAddress {
  struct Fault: Error { let sentence: String }

  static func read(_ url: String) throws(Fault) -> PolicyEndpoint {
    let expected = "expected https://HOST/PATH, http:// to a loopback address, or unix:/SOCKET:/PATH"
    guard url.utf8.count <= 2048, url.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 92 && $0 != 34 && $0 != 60 && $0 != 62 && $0 != 94 && $0 != 96 }) else {
      throw Fault(sentence: "'\(url)' holds blanks or characters that no URL has; \(expected)")
    }
    if url.begins(with: "unix:") { return try unix(url) }
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased() else {
      throw Fault(sentence: "'\(url)' is no URL; \(expected)")
    }
    guard scheme.isExactly("https") || scheme.isExactly("http") else { throw Fault(sentence: "'\(url)' has the scheme \(scheme); \(expected)") }
    guard parts.user == nil, parts.password == nil, !authority(url).utf8.contains(64) else {
      throw Fault(sentence: "'\(url)' holds a user name or password; use token_file or client_certificate")
    }
    guard parts.fragment == nil, !url.utf8.contains(35) else { throw Fault(sentence: "'\(url)' holds a fragment (#…), which is never sent") }
    guard let written = parts.encodedHost, let host = host(written) else { throw Fault(sentence: "'\(url)' has no usable host; \(expected)") }
    guard parts.port != nil || !authority(url).ends(with: ":") else { throw Fault(sentence: "'\(url)' has an empty port") }
    let standard = scheme.isExactly("https") ? 443 : 80
    guard let port = UInt16(exactly: parts.port ?? standard), port > 0 else { throw Fault(sentence: "'\(url)' has no usable port; expected 1 to 65535") }
    if scheme.isExactly("http"), !host.isLoopback {
      throw Fault(sentence: "'\(url)' would be asked without TLS; http is allowed to 127.0.0.1, [::1] and localhost only, expected https")
    }
    // A login compares the address byte by byte with what was published of it, and takes no other spelling.
    guard url.begins(with: scheme + "://") else { throw Fault(sentence: "'\(url)' has a scheme in capitals; expected \(scheme)://") }
    let rest = url.utf8.dropFirst(scheme.utf8.count + 3 + authority(url).utf8.count)
    guard rest.isEmpty || rest.first == 47 else { throw Fault(sentence: "'\(url)' goes on with no path; expected a / after the host") }
    return PolicyEndpoint(url: url, host: host.text, port: port, isLiteral: host.isLiteral || host.isLoopback)
  }

  /// `unix:/SOCKET`, or `unix:/SOCKET:/PATH` with the path of the request.
  private static func unix(_ url: String) throws(Fault) -> PolicyEndpoint {
    let rest = Array(url.utf8.dropFirst(5))
    let socket = String(decoding: rest.prefix { $0 != 58 }, as: UTF8.self)
    let path = rest.dropFirst(socket.utf8.count)
    // sun_path of unix(7) has 108 bytes, the last of which is NUL.
    guard SafePath.isPlain(socket), (2..<108).contains(socket.utf8.count) else {
      throw Fault(sentence: "'\(url)' names no plain absolute path of a socket, of at most 107 bytes; expected unix:/run/NAME/NAME.sock")
    }
    guard path.isEmpty || path.starts(with: [58, 47]), !path.contains(35) else {
      throw Fault(sentence: "'\(url)' goes on with no path; expected unix:\(socket) or unix:\(socket):/PATH")
    }
    return PolicyEndpoint(url: url, host: "localhost", port: 80, isLiteral: true, socket: socket)
  }

  /// What stands between `//` and the next `/`, `?` or `#`, as libcurl will see it.
  private static func authority(_ url: String) -> String {
    let bytes = Array(url.utf8)
    guard let colon = bytes.firstIndex(of: 58), colon + 2 < bytes.count, bytes[colon + 1] == 47, bytes[colon + 2] == 47 else { return "" }
    return String(decoding: bytes[(colon + 3)...].prefix { $0 != 47 && $0 != 63 && $0 != 35 }, as: UTF8.self)
  }

  private struct Host {
    let text: String
    let isLiteral: Bool
    let isLoopback: Bool
  }

  /// A name, an IPv4 address of four decimal parts, or `[IPv6]`. Other spellings of addresses (127.1, 0x7f000001) are
  /// refused: libraries disagree about them. nil if it is none of these.
  private static func host(_ written: String) -> Host? {
    var bytes = Array(written.utf8)
    if bytes.first == 91 {
      guard bytes.last == 93 else { return nil }
      bytes = Array(bytes.dropFirst().dropLast())
      guard let address = IPAddress.six(String(decoding: bytes, as: UTF8.self)) else { return nil }
      return Host(text: String(decoding: bytes, as: UTF8.self), isLiteral: true, isLoopback: address == Array(repeating: 0, count: 15) + [1])
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard !bytes.isEmpty, bytes.count <= 253 else { return nil }
    let labels = bytes.split(separator: 46, omittingEmptySubsequences: false)
    guard labels.allSatisfy({ isLabel($0) }), let last = labels.last else { return nil }
    if last.allSatisfy({ $0 >= 48 && $0 <= 57 }) || last.starts(with: "0x".utf8) || last.starts(with: "0X".utf8) {
      guard let address = IPAddress.four(text) else { return nil }
      return Host(text: text, isLiteral: true, isLoopback: address[0] == 127)
    }
    return Host(text: text, isLiteral: false, isLoopback: text.isExactly("localhost"))
  }

  private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
    guard !label.isEmpty, label.count <= 63, label.first != 45, label.last != 45 else { return false }
    return label.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 65 && $0 <= 90) || ($0 >= 48 && $0 <= 57) || $0 == 45 || $0 == 95 }
  }
}

/// Addresses as text (RFC 4291 section 2.2; four decimal parts without needless zeros).
enum IPAddress {
  static func four(_ text: String) -> [UInt8]? {
    let parts = text.utf8.split(separator: 46, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard part.count <= 3, part.count == 1 || part.first != 48, let value = ProcessTable.decimal(part), let byte = UInt8(exactly: value) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  static func six(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    var halves: [[UInt8]] = [[]]
    var at = 0
    var needsGroup = false
    if bytes.starts(with: [58, 58]) {
      halves.append([])
      at = 2
    }
    while at < bytes.count {
      let group = bytes[at...].prefix { $0 != 58 }
      if group.contains(46) {
        guard at + group.count == bytes.count, let four = four(String(decoding: group, as: UTF8.self)) else { return nil }
        halves[halves.count - 1] += four
        needsGroup = false
        break
      }
      guard let value = UInt16(String(decoding: group, as: UTF8.self), radix: 16), group.count <= 4, !group.isEmpty, group.first != 43, group.first != 45
      else { return nil }
      halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 255)]
      at += group.count
      needsGroup = false
      guard at < bytes.count else { break }
      at += 1
      if at < bytes.count, bytes[at] == 58 {
        guard halves.count == 1 else { return nil }
        halves.append([])
        at += 1
      } else {
        needsGroup = true
      }
    }
    guard !needsGroup else { return nil }
    if halves.count == 1 { return halves[0].count == 16 ? halves[0] : nil }
    let known = halves[0].count + halves[1].count
    guard known <= 14 else { return nil }
    return halves[0] + Array(repeating: 0, count: 16 - known) + halves[1]
  }
}
