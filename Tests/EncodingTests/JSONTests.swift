import Encoding
import Testing

/// I-JSON in and out: nothing that two readers could understand differently.
@Suite struct JSONTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue.parse(Array(text.utf8)) }
  private func refuses(_ bytes: [UInt8]) -> Bool { (try? JSONValue.parse(bytes)) == nil }

  @Test(arguments: [
    "null", "true", "-9223372036854775808", "9223372036854775807", "0.5", "\"\"", "\"\\u001b é \\\"\"", "[]", "{}", "[[],{}]",
    "{\"b\":1,\"a\":[true,false,null,\"x\",{\"c\":-1.25}]}",
  ])
  func whatIsReadIsWrittenAgain(_ text: String) throws {
    let value = try parse(text)
    let written = try #require(value.text())
    #expect(try JSONValue.parse(written).text() == written)
    #expect(try JSONValue.parse(try #require(value.text(sorted: true))).text(sorted: true) == value.text(sorted: true))
  }

  @Test func keepsTheOrderOfMembersOrSortsThem() throws {
    let value = try parse(#"{"b":1,"a":2}"#)
    #expect(value.text() == Array(#"{"b":1,"a":2}"#.utf8))
    #expect(value.text(sorted: true) == Array(#"{"a":2,"b":1}"#.utf8))
  }

  @Test func writesAsciiWhereATerminalReads() throws {
    let value = JSONValue.string("a\u{9b}1m\u{202e}ü\u{1f600}")
    let text = try #require(value.text(ascii: true))
    #expect(text.allSatisfy { $0 >= 32 && $0 < 127 })
    #expect(try JSONValue.parse(text).string == value.string)
  }

  @Test func refusesDuplicateNamesHoweverTheyAreSpelled() {
    for text in [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"é":1,"\u00e9":2}}]"#] { #expect(refuses(Array(text.utf8))) }
    #expect(!refuses(Array(#"{"a":1,"A":2}"#.utf8)))
  }

  @Test(arguments: [
    "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "01", "+1", ".5", "1.", "NaN", "Infinity", "1e999", "9223372036854775808", "-9223372036854775809",
    "tru", "True", "\"\u{1}\"", "\"\\x41\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "1 2", "{}{}", "[]x", "\u{FEFF}{}", "// x\n{}", "{\"a\":1 \"b\":2}",
    "{\"\\u0000\":1}",
  ])
  func refusesWhatIsNotJSON(_ text: String) { #expect(refuses(Array(text.utf8))) }

  @Test func refusesNULAndInvalidUTF8() {
    for bytes: [UInt8] in [[0x7B, 0x7D, 0], [0, 0x7B, 0x7D], [0x22, 0, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0]] {
      #expect(refuses(bytes))
    }
  }

  @Test func refusesNestingBeyondItsDepth() throws {
    func nested(_ depth: Int) -> [UInt8] { Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8) }
    #expect(!refuses(nested(32)) && refuses(nested(33)))
    #expect((try? JSONValue.parse(nested(3), depth: 3)) != nil && (try? JSONValue.parse(nested(4), depth: 3)) == nil)
    for depth in [1000, 2048, 2049, 100_000] { #expect(refuses(nested(depth))) }
    let objects = String(repeating: "{\"a\":", count: 40) + "1" + String(repeating: "}", count: 40)
    #expect(refuses(Array(objects.utf8)))
  }

  @Test func numbersKeepTheirKind() throws {
    #expect(try parse("1").integer == 1)
    #expect(try parse("1.0").integer == nil, "a fraction is no whole number, even an empty one")
    #expect(try parse("1e3").integer == nil)
    #expect(try parse("true").integer == nil)
    #expect(try parse("1").boolean == nil)
    #expect(JSONValue.unsigned(.max).integer == .max)
  }

  @Test func saysWhereAndWhy() {
    #expect(throws: JSONError.self) { try parse("{\n \"a\": x}") }
    do throws(JSONError) {
      _ = try parse("{\n \"a\": x}")
    } catch {
      #expect(error.line == 2 && !error.reason.isEmpty)
    }
  }

  @Test func textsWithNULAndControlCharactersStayWithinTheirStrings() throws {
    let text = "\"},\u{1B}[2J\n\\u0041\u{7F}"
    let written = try #require(JSONValue.object([.init("k", .string(text))]).text())
    #expect(written.allSatisfy { $0 >= 32 })
    #expect(try JSONValue.parse(written)["k"]?.string == text)
    #expect(JSONValue.string("a\u{0}b").text() == Array(#""a\u0000b""#.utf8), "written as an escape; no reader of ours takes it")
  }

  /// Each byte of a document becomes every other, and it is cut at each: never a trap, and what is read can be written.
  @Test func survivesEveryDamagedByte() {
    let document = Array(#"{"version":1,"a":[true,null,-1.5,"é\n"],"b":{"c":{}}}"#.utf8)
    var read = 0
    for at in document.indices {
      #expect(refuses(Array(document[..<at])))
      for value in UInt8.min...UInt8.max {
        var damaged = document
        damaged[at] = value
        guard let json = try? JSONValue.parse(damaged) else { continue }
        read += 1
        #expect(json.text() != nil)
      }
    }
    #expect(read > document.count)
  }

  @Test func membersAreFoundByTheirExactName() throws {
    let value = try parse(#"{"é":1,"a":{"b":"c"},"s":["x","y"],"m":["x",1]}"#)
    #expect(value["\u{E9}"]?.integer == 1 && value["e\u{301}"] == nil && value["A"] == nil)
    #expect(value["a"]?["b"]?.string == "c" && value["a"]?["b"]?["c"] == nil)
    #expect(value["s"]?.strings == ["x", "y"] && value["m"]?.strings == nil && value["m"]?.array?.count == 2)
  }
}

/// Typed access to members: what is wrong, and where.
@Suite struct MemberReaderTests {
  private func reader(_ text: String) throws -> MemberReader { MemberReader(try JSONValue.parse(Array(text.utf8))) }

  private func sentence<T>(_ body: () throws(MemberError) -> T) -> String {
    do throws(MemberError) {
      _ = try body()
      return "taken"
    } catch {
      return error.sentence
    }
  }

  @Test func namesTheMemberAndWhatWasExpected() throws {
    let read = try reader(#"{"a":{"b":"x","n":-1,"big":4294967296,"list":[{},1]},"empty":""}"#)
    let inner = try read.object("a")
    #expect(sentence { () throws(MemberError) in try inner.integer("b") } == "a.b: missing, or not a whole number")
    #expect(sentence { () throws(MemberError) in try inner.unsigned("n") } == "a.n: missing, or not a whole number from 0 on")
    #expect(sentence { () throws(MemberError) in try inner.id("big") } == "a.big: missing, or not an id")
    #expect(sentence { () throws(MemberError) in try inner.string("c") } == "a.c: missing, or not a string")
    #expect(sentence { () throws(MemberError) in try inner.object("b").value } == "a.b: not an object")
    #expect(sentence { () throws(MemberError) in try inner.objects("list").count } == "a.list: holds something else than objects")
    #expect(try read.optionalString("empty") == nil)
    #expect(try inner.optionalString("b") == "x")
    #expect(inner.has("b") && !inner.has("c"))
  }
}
