import Testing

/// The libraries that every process of a host loads: what they may need, export and weigh (DESIGN 1 and 9).
@Suite struct ModuleTests {
  static let nss = "libnss_sojourn.so.2", pam = "pam_sojourn.so", shell = "shell"

  @Test func theNSSModuleExportsWhatGlibcLooksUp() throws {
    let functions = ["pwnam_r", "pwuid_r", "pwent_r", "grnam_r", "grgid_r", "grent_r", "spnam_r", "spent_r"].map { "_nss_sojourn_get" + $0 }
      + ["pw", "gr", "sp"].flatMap { ["_nss_sojourn_set\($0)ent", "_nss_sojourn_end\($0)ent"] } + ["_nss_sojourn_initgroups_dyn"]
    #expect(try BuiltFile(ModuleTests.nss).exported == functions.sorted())
  }

  @Test func thePAMModuleExportsItsSixEntryPoints() throws {
    let functions = ["authenticate", "setcred", "acct_mgmt", "open_session", "close_session", "chauthtok"].map { "pam_sm_" + $0 }
    #expect(try BuiltFile(ModuleTests.pam).exported == functions.sorted())
  }

  @Test(arguments: [
    (nss, ["libc.so.6"]), (pam, ["libc.so.6", "libcrypto.so.3", "libjansson.so.4", "libpam.so.0"]), (shell, ["libc.so.6"]),
  ])
  func needsTheseLibrariesAndNoOther(file: String, libraries: [String]) throws {
    #expect(try BuiltFile(file).dynamic("NEEDED").sorted() == libraries)
  }

  /// Few enough to read: no allocator, no lock, no thread, no environment, no stdio, no socket. `realloc` is for the
  /// array of initgroups alone; `syscall` is getdents64.
  @Test func theNSSModuleCallsNothingElse() throws {
    let allowed: Set = [
      "__errno_location", "__stack_chk_fail", "close", "fcntl", "fstat", "fstatat", "geteuid", "memcmp", "memcpy", "memmove", "memset", "openat", "read",
      "readlink", "realloc", "syscall",
    ]
    let called = try BuiltFile(ModuleTests.nss).required.map(\.name)
    #expect(called.contains("openat") && called.contains("realloc"))
    #expect(Set(called).subtracting(allowed) == [])
  }

  /// Debian 12 has glibc 2.36; nothing newer, and not its arc4random (craft: it would tie the module to that very version).
  @Test(arguments: [nss, shell]) func runsOnOlderHosts(file: String) throws {
    let versions = try BuiltFile(file).required.map(\.version).filter { $0.hasPrefix("GLIBC_2.") }
    #expect(!versions.isEmpty)
    for version in versions {
      let minor = try #require(version.split(separator: ".").dropFirst().first.flatMap { Int($0) })
      #expect(minor <= 34, "\(version)")
    }
  }

  @Test(arguments: [nss, pam]) func isFoundByItsNameStaysLoadedAndIsBoundAtOnce(file: String) throws {
    let built = try BuiltFile(file)
    #expect(try built.dynamic("SONAME") == [file])
    #expect(try built.dynamic("FLAGS").contains { $0.contains("BIND_NOW") })
    #expect(try built.dynamic("FLAGS_1").contains { $0.contains("NOW") && $0.contains("NODELETE") })
  }

  @Test(arguments: [nss, pam, shell]) func hasNoSearchPathNoThreadStorageAndNoWritableCode(file: String) throws {
    let built = try BuiltFile(file)
    #expect(try built.dynamic("RUNPATH") == [] && built.dynamic("RPATH") == [] && built.dynamic("TEXTREL") == [])
    let segments = try built.segments
    #expect(segments.contains { $0.kind == "LOAD" } && segments.contains { $0.kind == "GNU_RELRO" })
    #expect(!segments.contains { $0.kind == "TLS" })
    #expect(!(segments.contains { ($0.kind == "LOAD" || $0.kind == "GNU_STACK") && $0.line.contains("RWE") }))
    #expect(try !built.required.contains { $0.name == "__tls_get_addr" })
    #expect(try built.dynamic("FLAGS").contains { $0.contains("BIND_NOW") })
  }

  @Test(arguments: [(nss, 40_960), (pam, 409_600), (shell, 40_960)]) func isSmall(file: String, budget: Int) throws {
    let size = try BuiltFile(file).strippedSize
    #expect(size <= budget, "\(file) is \(size) bytes stripped, \(budget) are allowed")
    print("\(file): \(size) bytes stripped")
  }

  @Test(arguments: [nss, pam, shell]) func saysNothingOfTheMachineThatBuiltIt(file: String) throws {
    let strings = try BuiltFile.tool(["strings", "-a", BuiltFile(file).path])
    #expect(strings.count > 10)
    #expect(strings.filter { $0.contains("/.build/") || $0.contains("swift-toolchain") } == [])
  }
}
