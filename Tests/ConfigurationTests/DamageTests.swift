import Configuration
import ConfigurationFile
import Foundation
import Testing

/// xorshift64*: a fixed seed makes every run the same.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 2_685_821_657_736_338_717
  }
}

@Suite("Damage to the example file is told, and takes nothing down")
struct DamageTests {
  static let example: [UInt8] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../packaging/examples/sojourn.toml")
    return (try? Data(contentsOf: file)).map { Array($0) } ?? []
  }()

  /// Every byte replaced by these, flipped in each bit's place, removed, and doubled.
  static let substitutes: [UInt8] = [0, 9, 10, 13, 32, 34, 35, 39, 44, 46, 48, 57, 61, 65, 91, 92, 93, 97, 123, 125, 127, 128, 195, 255]

  static func damaged(_ position: Int, _ kind: Int) -> [UInt8] {
    var bytes = example
    switch kind {
    case 0..<substitutes.count: bytes[position] = substitutes[kind]
    case substitutes.count..<(substitutes.count + 8): bytes[position] ^= 1 << UInt8(kind - substitutes.count)
    case substitutes.count + 8: bytes.remove(at: position)
    default: bytes.insert(bytes[position], at: position)
    }
    return bytes
  }
  static let kinds = substitutes.count + 10

  @Test func theExampleItselfIsRight() throws {
    let host = try WrittenHost()
    try host.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    try host.write("/etc/group", "root:x:0:\n")
    try #require(!Self.example.isEmpty)
    let read = ConfigurationFiles.check(Self.example, host.files)
    #expect(read.configuration != nil && read.problems.isEmpty, "\(read.problems.map { $0.line })")
  }

  @Test(.timeLimit(.minutes(30))) func everyDamageIsAValidFileOrASentenceWithItsLine() throws {
    let host = try WrittenHost()
    try host.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    try host.write("/etc/group", "root:x:0:\n")
    try #require(!Self.example.isEmpty)
    let files = host.files
    let isLong = ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] != nil
    var random = SeededGenerator(seed: 20_261_121)
    let all = Self.example.count * Self.kinds
    var done = 0, refused = 0, same = 0
    for position in Self.example.indices {
      // A sample takes two kinds of damage at every byte; the long run takes them all.
      let kinds = isLong ? Array(0..<Self.kinds) : (0..<2).map { _ in Int.random(in: 0..<Self.kinds, using: &random) }
      for kind in kinds {
        let bytes = Self.damaged(position, kind)
        let read = ConfigurationFiles.check(bytes, files)
        done += 1
        if let configuration = read.configuration {
          same += 1
          let text = try #require(configuration.json.text())
          _ = try PublishedConfiguration.parse(text)
        } else {
          refused += 1
          let lines = bytes.count { $0 == 10 } + 1
          #expect(!read.errors.isEmpty, "byte \(position), damage \(kind)")
          for problem in read.errors {
            #expect(problem.place.file == "/etc/sojourn/sojourn.toml" && problem.place.line >= 1 && problem.place.line <= lines && problem.sentence.utf8.count > 10,
              "byte \(position), damage \(kind): \(problem.line)")
          }
        }
      }
    }
    print("damage to the example: \(done) of \(all) tried, \(refused) refused with their line, \(same) still valid")
    #expect(refused > 0 && same > 0)
  }
}
