import Testing

@testable import Admission
import DaemonProtocol

/// sudo's command line, read as sudo(8) reads it, or not at all.
@Suite struct SudoInvocationTests {
  static func read(_ line: String, sendsArguments: Bool = false) throws -> SudoInvocation {
    try SudoInvocation(line.split(separator: " ", omittingEmptySubsequences: false).map { Array($0.utf8) }, sendsArguments: sendsArguments)
  }

  static func text(_ line: String) -> String {
    guard let read = try? read(line) else { return "refused" }
    return "\(read.target) \(read.command.kind) \(read.command.program)\(read.command.isCertain ? "!" : "") \(read.command.arguments)"
  }

  @Test(arguments: [
    ("sudo id", "root command id 0"), ("sudo /usr/bin/id -u", "root command /usr/bin/id! 1"), ("/usr/bin/sudo -u bob /bin/ls -l /", "bob command /bin/ls! 2"),
    ("sudo -ubob id", "bob command id 0"), ("sudo -nu bob id", "bob command id 0"), ("sudo -nubob id", "bob command id 0"), ("sudo --user=bob id", "bob command id 0"),
    ("sudo --user bob id", "bob command id 0"), ("sudo --us bob id", "bob command id 0"), ("sudo -u alice -u bob id", "bob command id 0"),
    ("sudo -i", "root shell  0"), ("sudo -s id -u", "root shell id 1"), ("sudo -i -u bob", "bob shell  0"), ("sudo --login", "root shell  0"), ("sudo -iu bob", "bob shell  0"),
    ("sudo -e /etc/hosts", "root edit /etc/hosts 0"), ("sudoedit /etc/hosts /etc/motd", "root edit /etc/hosts 1"), ("/usr/bin/sudoedit -u bob x", "bob edit x 0"),
    ("sudo -l", "root list  0"), ("sudo -ll", "root list  0"), ("sudo -l -U bob", "root list  0"), ("sudo -v", "root validate  0"), ("sudo --validate", "root validate  0"),
    ("sudo A=b id", "root command id 0"), ("sudo A=b -u bob C=d id E=f", "bob command id 1"), ("sudo -- id -u bob", "root command id 2"), ("sudo -u bob -- -x", "bob command -x 0"),
    ("sudo -- A=b", "root command A=b 0"), ("sudo -k id", "root command id 0"), ("sudo -E -H -P -S -b -n id", "root command id 0"), ("sudo -EHPSbn id", "root command id 0"),
    ("sudo --preserve-env id", "root command id 0"), ("sudo -p prompt id", "root command id 0"),
    ("sudo -C 5 -D /tmp -R / -T 5 -r r -t t id", "root command id 0"), ("sudo --chdir=/tmp id", "root command id 0"), ("sudo /usr/bin/a=b", "root command /usr/bin/a=b! 0"), ("sudo A=b /usr/bin/id", "root command /usr/bin/id 0"), ("sudo -E /usr/bin/id", "root command /usr/bin/id 0"), ("sudo -D /tmp /usr/bin/id", "root command /usr/bin/id 0"), ("sudo -R / /usr/bin/id", "root command /usr/bin/id 0"),
    ("sudo =x", "root command =x 0"), ("sudo - id", "root command - 1"), ("sudo", "root command  0"),
  ]) func readsAsSudoDoes(_ line: String, _ expected: String) { #expect(Self.text(line) == expected, "\(line)") }

  @Test(arguments: [
    "sudo -u", "sudo -u #0 id", "sudo -u#1000 id", "sudo -g wheel id", "sudo --group=wheel id", "sudo -h", "sudo -h other id", "sudo --host=x id", "sudo --help", "sudo -x id", "sudo --unknown id",
    "sudo --pre id", "sudo --l", "sudo --us", "sudo --login=x", "sudo --shell=x id", "sudo -u\u{1b} id", "sudo -u  id", "sudo --user= id", "sudo -uböb id", "sudo --preserve-env=A,B id", "sudo --preserve-env=A id", "sudo --preserve-e=A id", "sudo -p -- X=/sh id", "sudo --prompt -- id", "sudo -u -- id", "xedit /etc/hosts", "-sudo id", "lt-sudo id", "/ id",
  ]) func refusesWhatIsNotClear(_ line: String) { #expect(Self.text(line) == "refused", "\(line)") }

  @Test func refusesWordsThatCannotBeRead() {
    for words in [nil, []] as [[[UInt8]]?] { #expect(throws: Refusal.self) { try SudoInvocation(words, sendsArguments: true) } }
  }

  /// T34: they may be secrets.
  @Test func argumentsLeaveTheHostOnlyIfItSaysSo() throws {
    #expect(try Self.read("sudo mysql -psecret").command.words == nil)
    #expect(try Self.read("sudo mysql -psecret", sendsArguments: true).command.words == ["mysql", "-psecret"])
    #expect(try Self.read("sudo id \u{1b}[2J", sendsArguments: true).command.words == ["id", "\\x1b[2J"])
  }

  /// Whoever sets variables for a command decides what it does.
  @Test func variablesAreNamedAndTheirValuesAreNot() throws {
    let command = try Self.read("sudo LD_PRELOAD=/tmp/x.so A=secret /usr/bin/id").command
    #expect(command.variables == ["LD_PRELOAD", "A"] && !command.isCertain && command.program == "/usr/bin/id")
  }

  @Test func aCommandLineThatIsTooLongIsNotCutInHalf() throws {
    let read = try SudoInvocation([Array("sudo".utf8), Array("id".utf8)] + Array(repeating: Array("x".utf8), count: 100), sendsArguments: true)
    #expect(read.command.words == nil && read.command.arguments == 100)
    #expect(try SudoInvocation([Array("sudo".utf8), Array("id".utf8), [UInt8](repeating: 120, count: 9000)], sendsArguments: true).command.words == nil)
  }

  /// A name that shows otherwise than it is, is not certain.
  @Test func onlyAPlainPathIsCertain() throws {
    for (line, isCertain) in [("sudo /bin/id", true), ("sudo id", false), ("sudo ./id", false), ("sudo /bin/i\u{7f}d", false), ("sudo /bin/\\x41", false), ("sudo -s /bin/id", false), ("sudo -e /etc/hosts", false), ("sudo /usr/bin/../../tmp/x", false), ("sudo /usr//bin/id", false), ("sudo /usr/./bin/id", false), ("sudo /", false), ("sudo A=b /bin/id", false)] {
      #expect(try Self.read(line).command.isCertain == isCertain, "\(line)")
    }
  }

  @Test func noBytesTrap() {
    var random = SplitMix(state: 7)
    for _ in 0..<20_000 {
      let words = (0..<Int(random.next() % 6)).map { _ in (0..<Int(random.next() % 7)).map { _ in [45, 117, 61, 98, 47, 45, 35, 0x80, 108, 101][Int(random.next() % 10)] as UInt8 } }
      _ = try? SudoInvocation([Array("sudo".utf8)] + words, sendsArguments: true)
    }
  }
}
