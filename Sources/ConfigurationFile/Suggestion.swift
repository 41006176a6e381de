/// "Did you mean …?" for a word that is not among those known.
enum Suggestion {
  /// `; did you mean 'x'?`, or nothing if none is near: at most a third of the letters wrong, swapped, missing or too many.
  static func text(for word: String, among known: [String]) -> String {
    let near = known.map { (name: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }.min { $0.distance < $1.distance }
    guard let near, near.distance <= max(1, near.name.utf8.count / 3) else { return "" }
    return "; did you mean '\(near.name)'?"
  }

  /// Damerau-Levenshtein, neighbours swapped once (optimal string alignment). Words of a configuration are short; longer
  /// ones are cut, so that a hostile file costs nothing.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    let a = Array(a.prefix(64))
    let b = Array(b.prefix(64))
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      before = last
      last = row
    }
    return last.last ?? 0
  }
}
