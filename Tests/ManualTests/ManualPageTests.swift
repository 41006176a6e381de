import Foundation
import Testing

/// The pages as the programs that show and check manual pages read them.
@Suite struct ManualPageTests {
  @Test func everyPageIsListedAndInstalled() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Checkout.path + "/packaging/man")
    #expect(Set(files) == Set(Checkout.pages))
    let install = try Checkout.text("packaging/install.sh")
    for page in Checkout.pages { #expect(install.contains(page), "\(page)") }
  }

  @Test("man renders it without a warning", arguments: Checkout.pages)
  func isCleanForMan(_ page: String) throws {
    let ran = try Checkout.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", Checkout.path + "/packaging/man/" + page],
      environment: ["MANROFFSEQ": "", "MANWIDTH": "80"])
    #expect(ran.status == 0 && ran.errors == "" && ran.output.utf8.count > 2000, "\(ran.errors)")
  }

  @Test("mandoc finds nothing", arguments: Checkout.pages)
  func isCleanForMandoc(_ page: String) throws {
    let ran = try Checkout.run(["mandoc", "-T", "lint", "-W", "warning", Checkout.path + "/packaging/man/" + page])
    // BSD keeps this section to libraries; on Linux every PAM module's page has it.
    let findings = ran.output.split(separator: "\n").filter { !$0.hasSuffix("unexpected section: Sh RETURN VALUES for 2, 3, 9 only") }
    #expect(findings.isEmpty && ran.errors == "", "\(findings)")
  }

  /// What apropos, and lintian's bad-whatis-entry, go by.
  @Test("its first line says what it is", arguments: Checkout.pages)
  func hasAWhatisEntry(_ page: String) throws {
    let ran = try Checkout.run(["lexgrog", Checkout.path + "/packaging/man/" + page])
    let name = page.prefix { $0 != "." } == "sojourn" && page.hasSuffix(".5") ? "sojourn.toml" : String(page.dropLast(2))
    #expect(ran.status == 0 && ran.output.contains("\"\(name) - "), "\(ran.output)\(ran.errors)")
    #expect(try Checkout.text("packaging/man/" + page).contains("\n.Dt \(name.uppercased()) \(page.suffix(1))\n"))
  }

  static let sections: [String: [String]] = [
    "pam_sojourn.8": ["OPTIONS", "MODULE TYPES PROVIDED", "RETURN VALUES", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO", "SECURITY"],
    "libnss_sojourn.8": ["RETURN VALUES", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO", "SECURITY"],
    "sojournd.8": ["OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO", "SECURITY"],
    "sojourn.8": ["OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO", "SECURITY"],
    "sojourn.toml.5": ["FILES", "EXAMPLES", "SEE ALSO", "SECURITY"],
  ]

  @Test("it has the sections that one looks for", arguments: Checkout.pages)
  func hasItsSections(_ page: String) throws {
    let written = try Checkout.text("packaging/man/" + page).split(separator: "\n").filter { $0.hasPrefix(".Sh ") }.map { String($0.dropFirst(4)) }
    let wanted = try #require(Self.sections[page])
    #expect(written.filter { wanted.contains($0) } == wanted, "\(written)")
    for other in Checkout.pages where other != page {
      let name = other.hasSuffix(".5") ? "sojourn.toml 5" : String(other.dropLast(2)) + " 8"
      #expect(try Checkout.text("packaging/man/" + page).contains(".Xr \(name)"), "\(page) does not name \(name)")
    }
  }
}
