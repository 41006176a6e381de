/// The note that says which Sojourn a built file is of (CPlatform/version.c), read out of the file (elf(5)). Total: a file that
/// is cut, strange or hostile has none.
enum BuildNote {
  static func version(_ file: [UInt8]) -> String? {
    // 64 bits, little endian: all that Sojourn is built for.
    guard file.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), let table = number(file, 32, 8), let size = number(file, 54, 2), let count = number(file, 56, 2),
      size >= 56
    else { return nil }
    for index in 0..<min(count, 64) {
      let header = table &+ index &* size
      guard let type = number(file, header, 4) else { return nil }
      guard type == 4, let begin = number(file, header &+ 8, 8), let length = number(file, header &+ 32, 8) else { continue }
      if let text = note(file, begin, length) { return text }
    }
    return nil
  }

  /// Name size, text size, type, name, text; both padded to four bytes.
  private static func note(_ file: [UInt8], _ begin: UInt64, _ length: UInt64) -> String? {
    var at = begin
    guard length <= UInt64(file.count), begin <= UInt64(file.count) - length else { return nil }
    while at &- begin < length {
      guard let nameSize = number(file, at, 4), let textSize = number(file, at &+ 4, 4), let type = number(file, at &+ 8, 4), nameSize < 4096, textSize < 65536,
        let name = bytes(file, at &+ 12, nameSize), let text = bytes(file, at &+ 12 &+ (nameSize &+ 3) / 4 * 4, textSize)
      else { return nil }
      if type == 1, name.elementsEqual("Sojourn\0".utf8) { return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) }
      at = at &+ 12 &+ (nameSize &+ 3) / 4 * 4 &+ (textSize &+ 3) / 4 * 4
    }
    return nil
  }

  private static func bytes(_ file: [UInt8], _ at: UInt64, _ count: UInt64) -> ArraySlice<UInt8>? {
    guard count <= UInt64(file.count), at <= UInt64(file.count) - count, let begin = Int(exactly: at), let length = Int(exactly: count) else { return nil }
    return file[begin..<(begin + length)]
  }

  private static func number(_ file: [UInt8], _ at: UInt64, _ count: UInt64) -> UInt64? {
    bytes(file, at, count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
