import Foundation
import Testing

/// The completions that the build leaves in build/completions.
@Suite struct CompletionTests {
  /// What bash would offer after these words.
  private func offered(_ words: [String]) throws -> Set<String> {
    let script = """
      . "$0" || exit 9
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
      function=$(complete -p sojourn | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
      "$function" sojourn "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let ran = try Checkout.run(["bash", "-c", script, try Checkout.built("completions/sojourn")] + words)
    #expect(ran.status == 0, "\(ran.errors)")
    return Set(ran.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
  }

  @Test func bashOffersCommandsAndTheirOptions() throws {
    let commands = Set(try CommandManualTests.program().keys.map { String($0.prefix { $0 != " " }) })
    #expect(commands.contains("check"))
    #expect(try offered(["sojourn", ""]).isSuperset(of: commands))
    #expect(try offered(["sojourn", "se"]).filter { commands.contains($0) }.isSuperset(of: ["sessions"]))
    #expect(try !offered(["sojourn", "se"]).contains("check"))
    #expect(try offered(["sojourn", "end", "--"]).isSuperset(of: ["--reason", "--yes", "--wait", "--no-wait"]))
    #expect(try offered(["sojourn", "certificate", ""]).isSuperset(of: ["show", "check"]))
  }

  @Test func everyShellHasItsFileWhereItLooksForIt() throws {
    #expect(try String(contentsOfFile: Checkout.built("completions/_sojourn"), encoding: .utf8).hasPrefix("#compdef sojourn\n"))
    #expect(try String(contentsOfFile: Checkout.built("completions/sojourn.fish"), encoding: .utf8).contains("complete -c 'sojourn'"))
    // A file that is read bears no mark of a program.
    #expect(try !String(contentsOfFile: Checkout.built("completions/sojourn"), encoding: .utf8).hasPrefix("#!"))
    let install = try Checkout.text("packaging/install.sh")
    for place in ["bash-completion/completions/sojourn", "zsh/vendor-completions/_sojourn", "fish/vendor_completions.d/sojourn.fish"] {
      #expect(install.contains("share/" + place), "\(place)")
    }
  }
}
