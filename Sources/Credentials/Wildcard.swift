/// Patterns over bytes: `*` stands for any number of them, `?` for one, everything else for itself.
public enum Wildcard {
  /// Linear in memory, at worst quadratic in time: after a mismatch only the last `*` takes one byte more.
  public static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var p = 0, t = 0
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        p = last.pattern + 1
        t = last.text + 1
      } else {
        return false
      }
    }
    while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
    return p == pattern.count
  }
}
