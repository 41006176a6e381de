@testable import ConfigurationFile
import Testing
import TOMLKit

@Suite("The line of every key is found")
struct KeyPlacesTests {
  static let text = """
    # one
    a = 1
    "b c".d = "x # no comment"   # comment
    'e.f' = '''
    [not.a.table]
    ''''
    list = [ # first
      "x]", { p = 1, q = [ "=" ] },
      'y',
    ]
    [t]
    m = \"\"\"
    n = 5 \\\"\"\" \\
    still
    \"\"\"
    n = { r = 1, "s\\u0041" = { u = 2 } }
    [ v . "w.x" ]
    y.z = 2026-11-21
    [[g]]
    h = 1
    [[g]]
    i = 2

    """

  @Test func findsEveryKindOfKey() {
    let places = KeyPlaces(Self.text)
    let expected: [([String], Int)] = [
      (["a"], 2), (["b c"], 3), (["b c", "d"], 3), (["e.f"], 4), (["list"], 7), (["list", "p"], 8), (["list", "q"], 8), (["t"], 11), (["t", "m"], 12),
      (["t", "n"], 16), (["t", "n", "r"], 16), (["t", "n", "sA"], 16), (["t", "n", "sA", "u"], 16), (["v"], 17), (["v", "w.x"], 17), (["v", "w.x", "y", "z"], 18),
      (["g"], 19), (["g", "h"], 20), (["g", "i"], 22),
    ]
    for (path, line) in expected { #expect(places.line(of: path) == line, "\(path)") }
  }

  @Test func findsNothingThatTheLibraryDoesNotFindAndAllThatItFinds() throws {
    let places = KeyPlaces(Self.text)
    var found: Set<[String]> = []
    func walk(_ table: TOMLTable, _ path: [String]) {
      for key in table.keys {
        found.insert(path + [key])
        guard let value = table[key] else { continue }
        if let inner = value.table { walk(inner, path + [key]) }
        if let list = value.array { for element in list { if let inner = element.table { walk(inner, path + [key]) } } }
      }
    }
    walk(try TOMLTable(string: Self.text), [])
    #expect(Set(places.paths) == found)
  }

  @Test("never fails on what is no TOML", arguments: ["[", "\"", "'''", "a = {", "a = [", "= = =", "a.", "\"\\", "\"\\u", "]]]", "\n\n[", "a = \"\"\"\\"])
  func comesToAnEnd(_ text: String) { #expect(KeyPlaces(text).paths.count <= 3) }
}
