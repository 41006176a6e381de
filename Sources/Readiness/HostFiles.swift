internal import Encoding
public import HostSystem

/// The files that say how a host is set up, read under a prefix, so that a test can be a host of its own.
public struct HostFiles: Sendable {
  /// Stands before every path; empty for the real host.
  public let prefix: String
  /// Who must own what is believed: root.
  public let owner: UInt32

  public init(prefix: String = "", owner: UInt32 = 0) {
    self.prefix = prefix
    self.owner = owner
  }

  /// The largest text file that is read, in bytes.
  public static var cap: Int { 4 << 20 }

  /// Facts of what stands at the path itself; nil if nothing does.
  public func facts(_ path: String) -> FileFacts? {
    do throws(SystemError) { return try Files.facts(prefix + path) } catch { return nil }
  }

  /// Follows links (at most 16, absolute ones within the prefix) to what is really there: its path and facts.
  public func resolve(_ path: String) -> (path: String, facts: FileFacts)? {
    var current = path
    for _ in 0..<16 {
      guard let here = facts(current) else { return nil }
      guard here.isLink else { return (current, here) }
      guard let bytes = linkTarget(current), let target = String.ifValid(bytes) else { return nil }
      current = target.begins(with: "/") ? target : Files.parent(of: current) + "/" + target
    }
    return nil
  }

  private func linkTarget(_ path: String) -> [UInt8]? {
    do throws(SystemError) { return try Files.linkTarget(prefix + path) } catch { return nil }
  }

  /// Where a link points, as it stands in it; nil if it is none.
  func target(_ path: String) -> String? { linkTarget(path).map { String(decoding: $0, as: UTF8.self) } }

  public func bytes(_ path: String) throws(SystemError) -> [UInt8] { try Files.read(prefix + path, cap: HostFiles.cap) }

  /// Lines without their ends; bytes that are no UTF-8 become replacement characters, which no name has.
  public func lines(_ path: String) throws(SystemError) -> [String] {
    try bytes(path).split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  public func names(in directory: String) -> [String] {
    do throws(SystemError) { return try Files.names(in: prefix + directory, cap: 100_000) } catch { return [] }
  }

  public func isTrusted(_ facts: FileFacts) -> Bool { isTrusted(facts, orOf: owner) }
  private func isTrusted(_ facts: FileFacts, orOf other: UInt32) -> Bool { (facts.uid == owner || facts.uid == other) && facts.permissions & 0o022 == 0 }

  /// The first of the path's directories that somebody else could change, from `/` down; nil if none. Where a directory
  /// is a link, those above its target count too.
  /// - Parameter other: who may own one of them too.
  public func untrustedDirectory(above path: String, orOf other: UInt32? = nil) -> String? { untrustedDirectory(above: path, other ?? owner, links: 0) }

  private func untrustedDirectory(above path: String, _ other: UInt32, links: Int) -> String? {
    guard links < 8 else { return path }
    var directory = Files.parent(of: path)
    var chain: [String] = []
    while directory.utf8.count > 1 {
      chain.append(directory)
      directory = Files.parent(of: directory)
    }
    for step in chain.reversed() {
      guard let found = resolve(step) else { return step }
      // A sticky directory such as /tmp lets nobody replace what is another's, but anybody can put what is missing.
      if !isTrusted(found.facts, orOf: other) { return step }
      guard found.path.utf8.elementsEqual(step.utf8) else {
        if let untrusted = untrustedDirectory(above: found.path, other, links: links + 1) { return untrusted }
        continue
      }
    }
    return nil
  }
}

extension String {
  /// Words between blanks and tabs.
  var words: [String] {
    utf8.split { $0 == 32 || $0 == 9 }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Parts between single bytes, empty ones included.
  public func parts(_ separator: UInt8) -> [String] {
    utf8.split(separator: separator, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// ASCII letters in lower case, all else as it is.
  public var lowerASCII: String { String(decoding: utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self) }

  /// Up to the first of these bytes.
  func before(_ byte: UInt8) -> String { String(decoding: utf8.prefix { $0 != byte }, as: UTF8.self) }

  public func ends(with suffix: String) -> Bool { utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

  func holds(_ part: String) -> Bool {
    let all = Array(utf8)
    let wanted = Array(part.utf8)
    guard all.count >= wanted.count else { return false }
    return (0...(all.count - wanted.count)).contains { all[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }
}
