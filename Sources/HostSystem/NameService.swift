internal import CPlatform.System

/// One line of the passwd database, wherever it comes from (passwd(5)).
public struct PasswordEntry: Sendable {
  public let name: [UInt8]
  public let uid: UInt32
  public let gid: UInt32
  public let home: String
  public let shell: String

  public init(name: [UInt8], uid: UInt32, gid: UInt32, home: String, shell: String) {
    self.name = name
    self.uid = uid
    self.gid = gid
    self.home = home
    self.shell = shell
  }
}

/// The host's sources of names, as /etc/nsswitch.conf lists them, asked in this very process (getpwnam_r(3)).
public enum NameService {
  public enum Answer: Sendable {
    case found(PasswordEntry)
    case unknown
    /// A source could not say whether it has the name.
    case failed(SystemError)
  }

  /// The largest entry that is taken, in bytes.
  static var cap: Int { 256 * 1024 }

  /// A name that is empty or holds a NUL is unknown.
  public static func account(named name: [UInt8]) -> Answer {
    guard !name.isEmpty, !name.contains(0) else { return .unknown }
    let text = name + [0]
    var size = 2048
    while size <= cap {
      switch lookUp(text, size) {
      case .answer(let answer): return answer
      case .tooSmall: size *= 4
      }
    }
    return .failed(SystemError("getpwnam_r", code: ERANGE))
  }

  private enum Attempt {
    case answer(Answer)
    case tooSmall
  }

  private static func lookUp(_ name: [UInt8], _ size: Int) -> Attempt {
    var buffer = [CChar](repeating: 0, count: size)
    var record = unsafe passwd()
    var result: UnsafeMutablePointer<passwd>?
    // SAFETY: the name ends in a NUL; the buffer's size is passed; what the record points at lies in the buffer and is
    // copied before the buffer goes.
    return unsafe name.withUnsafeBytes { nameBytes -> Attempt in
      unsafe buffer.withUnsafeMutableBufferPointer { space -> Attempt in
        guard let start = nameBytes.baseAddress, let base = space.baseAddress else { return .answer(.unknown) }
        var code: CInt
        repeat {
          code = unsafe getpwnam_r(start.assumingMemoryBound(to: CChar.self), &record, base, space.count, &result)
        } while code == EINTR
        if code == ERANGE { return .tooSmall }
        // A source that is switched off says UNAVAIL, and the last one's errno comes out here.
        if code == ENOENT || code == ESRCH { return .answer(.unknown) }
        guard code == 0 else { return .answer(.failed(SystemError("getpwnam_r", code: code))) }
        guard unsafe result != nil else { return .answer(.unknown) }
        return unsafe .answer(.found(PasswordEntry(name: bytes(record.pw_name), uid: record.pw_uid, gid: record.pw_gid,
          home: String(decoding: bytes(record.pw_dir), as: UTF8.self), shell: String(decoding: bytes(record.pw_shell), as: UTF8.self))))
      }
    }
  }

  // SAFETY: the C strings that a successful lookup leaves end in a NUL within its buffer.
  private static func bytes(_ text: UnsafeMutablePointer<CChar>?) -> [UInt8] {
    guard let text = unsafe text else { return [] }
    var copy: [UInt8] = []
    var at = 0
    while at < cap, unsafe text[at] != 0 {
      copy.append(UInt8(bitPattern: unsafe text[at]))
      at += 1
    }
    return copy
  }
}
