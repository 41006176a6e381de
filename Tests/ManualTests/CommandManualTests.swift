import Foundation
import Testing

/// sojourn(8) against what the built program says of itself (`--experimental-dump-help`).
@Suite struct CommandManualTests {
  struct Command {
    /// "--wait seconds" without the word for the value: "--wait =", "-y", "--yes", and "=" for an argument without a name.
    var arguments: Set<String> = []
  }

  struct Dump: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind: String
        let name: String
      }
      let kind: String
      let shouldDisplay: Bool
      let names: [Name]?
      let valueName: String?
    }
    struct Command: Decodable {
      let commandName: String
      let shouldDisplay: Bool
      let arguments: [Argument]?
      let subcommands: [Command]?
    }
    let command: Command
  }

  /// Every command that does something, without `help`, and without the two options that all have.
  static func program() throws -> [String: Command] {
    let ran = try Checkout.run([try Checkout.built("sojourn"), "--experimental-dump-help"])
    let dump = try JSONDecoder().decode(Dump.self, from: Data(ran.output.utf8))
    var commands: [String: Command] = [:]
    func visit(_ command: Dump.Command, _ path: [String]) {
      for inner in command.subcommands ?? [] where inner.shouldDisplay && inner.commandName != "help" { visit(inner, path + [inner.commandName]) }
      guard !path.isEmpty, command.subcommands?.contains(where: { $0.shouldDisplay && $0.commandName != "help" }) != true else { return }
      var found = Command()
      for argument in command.arguments ?? [] where argument.shouldDisplay && !["version", "help"].contains(argument.valueName) {
        let value = argument.kind == "flag" ? "" : " ="
        if argument.kind == "positional" { found.arguments.insert("=") }
        for name in argument.names ?? [] { found.arguments.insert((name.kind == "short" ? "-" : "--") + name.name + value) }
      }
      commands[path.joined(separator: " ")] = found
    }
    visit(dump.command, [])
    return commands
  }

  /// `.Ss COMMAND` of the section COMMANDS, and the tags of its list.
  static func page() throws -> [String: Command] {
    var commands: [String: Command] = [:]
    var current: String?, inside = false
    for line in try Checkout.text("packaging/man/sojourn.8").split(separator: "\n") {
      if line.hasPrefix(".Sh ") { inside = line == ".Sh COMMANDS" }
      guard inside else { continue }
      if line.hasPrefix(".Ss ") {
        current = String(line.dropFirst(4))
        commands[current!] = Command()
      }
      guard line.hasPrefix(".It "), let command = current else { continue }
      let words = line.dropFirst(4).split(separator: " ").map(String.init)
      let value = words.contains("Ar") ? " =" : ""
      if words[0] == "Ar" { commands[command]?.arguments.insert("=") }
      guard words[0] == "Fl" else { continue }
      for word in words.dropFirst().prefix(while: { $0 != "Ar" }) where word != "," { commands[command]?.arguments.insert("-" + word + value) }
    }
    return commands
  }

  @Test func everyCommandStandsThereAndNoOther() throws {
    let program = try Self.program(), page = try Self.page()
    #expect(program.count > 8)
    #expect(Set(program.keys).subtracting(page.keys).sorted() == [], "missing in sojourn(8)")
    #expect(Set(page.keys).subtracting(program.keys).sorted() == [], "invented in sojourn(8)")
  }

  @Test func everyOptionStandsThereAndNoOther() throws {
    let page = try Self.page()
    for (name, command) in try Self.program() {
      let written = page[name]?.arguments ?? []
      #expect(command.arguments.subtracting(written).sorted() == [], "\(name): missing in sojourn(8)")
      #expect(written.subtracting(command.arguments).sorted() == [], "\(name): invented in sojourn(8)")
    }
  }

  @Test func theDaemonsOptionsAreThose() throws {
    let text = try Checkout.text("packaging/man/sojournd.8")
    #expect(text.split(separator: "\n").filter { $0.hasPrefix(".It Fl ") } == [".It Fl -version"])
    let daemon = try Checkout.built("sojournd")
    #expect(try Checkout.run([daemon, "--version"]).status == 0)
    let wrong = try Checkout.run([daemon, "--help"])
    #expect(wrong.status == 64 && wrong.errors.hasPrefix("usage: sojournd [--version]."), "\(wrong)")
  }
}
