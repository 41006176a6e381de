/// Values as the SSH wire has them (RFC 4251 section 5): what is signed, and what an agent is asked.
enum Wire {
  static func uint32(_ value: UInt32) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16), UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
  }

  static func string(_ bytes: [UInt8]) -> [UInt8] { uint32(UInt32(truncatingIfNeeded: bytes.count)) + bytes }
  static func string(_ text: StaticString) -> [UInt8] { string(Array("\(text)".utf8)) }
}
