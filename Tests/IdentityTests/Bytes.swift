import HostSystem
import Identity

// The readers take spans, which the macros of the test library cannot hold.

extension AccountName {
  init?(bytes: [UInt8]) { self.init(bytes.span) }
  func isExactly(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return isExactly(bytes.span)
  }
}

extension CandidateRules {
  init?(bytes: [UInt8]) { self.init(bytes.span) }
  func admits(_ name: AccountName, bytes: [UInt8]) -> Bool { admits(name, bytes.span) }
  func serves(_ program: String, bytes: [UInt8]) -> Bool {
    let path = Array(program.utf8)
    return serves(path.span, bytes.span)
  }
}

extension PasswdLine {
  init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension GroupLine {
  init?(bytes: [UInt8]) { self.init(bytes.span) }
}

extension Decimal {
  static func read(_ text: String, _ range: Range<Int>? = nil) -> UInt32? {
    let bytes = Array(text.utf8)
    return read(bytes.span, range ?? 0..<bytes.count)
  }
}
