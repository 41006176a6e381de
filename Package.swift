// swift-tools-version: 6.2
import PackageDescription

// The core is compiled twice: as itself for daemon, CLI and tests, and as Embedded Swift for what is loaded into other
// people's processes. The twin of `X` is `XEmbedded`, whose folder is a link to X's; -module-alias lets the same source
// say `import X` in both builds.
let core: [(name: String, needs: [String])] = [
  ("HostSystem", []),                                                  // the only Swift that calls the operating system
  ("Encoding", []),                                                    // bytes, base64, escaping, time, JSON
  ("Identity", ["HostSystem"]),                                        // names, uids, candidates: NSS and daemon agree here
  ("Configuration", ["Encoding", "HostSystem", "Identity"]),           // the published form of the admin's configuration
  ("Credentials", ["Encoding"]),                                       // certificate bytes in, verified values out
  ("DaemonProtocol", ["Encoding", "HostSystem", "Identity"]),          // what module, CLI and daemon say to each other
  ("Policy", ["Encoding", "Configuration", "HostSystem", "Identity", "DaemonProtocol"]),  // question, decision, wire
  ("Admission", ["HostSystem", "Encoding", "Identity", "Configuration", "Credentials", "Policy", "DaemonProtocol"]),
]

let house: [SwiftSetting] = [
  .strictMemorySafety(), .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
]
let aliases = core.flatMap { ["-module-alias", "\($0.name)=\($0.name)Embedded"] }
// Every message is put together with String.append(_:), whose whole fast path the optimiser copies to each of some hundred
// places: kept a call (the option takes a part of its mangled name), the PAM module is an eighth smaller. Nothing is ever unwound
// through these modules (there are no exceptions), and frame pointers tell a debugger where it is: without tables for that they are
// a twentieth smaller. Nor is there a note of each object file's contents, which only the compiler reads, when it builds again.
let embedded = house + [
  .enableExperimentalFeature("Embedded"),
  .unsafeFlags(["-wmo", "-Osize", "-Xfrontend", "-function-sections", "-Xfrontend", "-disable-incremental-llvm-codegen", "-Xcc", "-fno-asynchronous-unwind-tables", "-Xcc", "-fno-unwind-tables", "-Xllvm", "-sil-inline-never-functions=SS6appendyySSF"] + aliases),
]
// A call that allocates is a compile error: the NSS module lives in every process of the host.
let noHeap: [SwiftSetting] = [.unsafeFlags(["-no-allocations"])]

/// Flags of a library that foreign processes load: found by its soname, whole (`defs`), bound at load (`now`), never
/// unloaded under a caller (`nodelete`), and exporting only what its map says.
func moduleLink(_ target: String, map: String, soname: String) -> [LinkerSetting] {
  [.unsafeFlags([
    "-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "now",
    "-Xlinker", "-z", "-Xlinker", "defs", "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/\(target)/\(map)",
    "-Xlinker", "-soname=\(soname)", "-Xlinker", "--as-needed",
    // One copy of functions that are the same byte for byte: generics are compiled once a type. Nothing compares their addresses.
    "-Xlinker", "--icf=all",
    // A relocation a bit instead of three words each (glibc reads them since 2.36).
    "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
  ])]
}
/// The small programs that the daemon starts, or that stand in /etc/passwd: no runtime, nothing but libc.
let programLink: [LinkerSetting] = [
  .unsafeFlags(["-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "-z", "-Xlinker", "now", "-Xlinker", "--as-needed"])
]
func twins(_ names: String...) -> [Target.Dependency] { names.map { .byName(name: "\($0)Embedded") } }
func plain(_ names: String...) -> [Target.Dependency] { names.map { .byName(name: $0) } }
/// The daemon starts itself anew for each end: what the dynamic linker has to do before it begins is kept short.
let daemonLink: [LinkerSetting] = [
  .unsafeFlags(["-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "--as-needed", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"])
]
let libraries: [LinkerSetting] = [.linkedLibrary("crypto"), .linkedLibrary("jansson")]

var targets: [Target] = [
  .target(name: "CPlatform", cSettings: [.unsafeFlags(["-ffunction-sections", "-Wall", "-Wextra", "-Werror"])])
]
for module in core {
  targets.append(.target(name: module.name, dependencies: ["CPlatform"] + module.needs.map { .byName(name: $0) },
    swiftSettings: house))
  targets.append(.target(name: "\(module.name)Embedded",
    dependencies: ["CPlatform"] + module.needs.map { .byName(name: "\($0)Embedded") },
    path: "Sources/Embedded/\(module.name)", swiftSettings: embedded))
}
targets += [
  .target(name: "PAMModule",  // six entry points that only translate
    dependencies: ["CPlatform"] + twins("HostSystem", "Encoding", "Identity", "Configuration", "Credentials", "Policy", "DaemonProtocol", "Admission"),
    exclude: ["pam.map"], swiftSettings: embedded,
    linkerSettings: moduleLink("PAMModule", map: "pam.map", soname: "pam_sojourn.so") + [.linkedLibrary("pam")] + libraries),
  .target(name: "NSSModule",  // who is this name or uid: files in, the caller's buffer out
    dependencies: ["CPlatform"] + twins("HostSystem", "Identity"),
    exclude: ["nss.map"], swiftSettings: embedded + noHeap,
    linkerSettings: moduleLink("NSSModule", map: "nss.map", soname: "libnss_sojourn.so.2")),
  .executableTarget(name: "GateShell",  // login shell of every transient account
    dependencies: ["CPlatform"] + twins("HostSystem", "Identity"), swiftSettings: embedded, linkerSettings: programLink),
  .executableTarget(name: "Vacancy",  // asks every source but ours who has a name or number
    dependencies: ["CPlatform"] + twins("HostSystem", "Identity"), swiftSettings: embedded, linkerSettings: programLink),
  .executableTarget(name: "Reaper",  // becomes a uid, and kills what it can
    dependencies: ["CPlatform"] + twins("HostSystem"), swiftSettings: embedded, linkerSettings: programLink),

  .target(name: "Audit", dependencies: ["CPlatform"] + plain("HostSystem", "Encoding"), swiftSettings: house),  // one line an event
  .target(name: "Accounts",  // leases, sessions, projection, homes, and the end of them
    dependencies: ["CPlatform"] + plain("HostSystem", "Encoding", "Identity", "Configuration", "Credentials", "DaemonProtocol", "Audit"), swiftSettings: house),
  .target(name: "Approvals",  // access requests: what is asked for, remembered, and looked at again
    dependencies: ["CPlatform"] + plain("HostSystem", "Encoding", "Identity", "Configuration", "Credentials", "DaemonProtocol", "Policy"), swiftSettings: house),
  .target(name: "Readiness",  // is this host set up so that nobody gets past us
    dependencies: ["CPlatform"] + plain("HostSystem", "Encoding", "Identity", "Configuration", "DaemonProtocol", "Policy", "Admission"), swiftSettings: house),
  .target(name: "ConfigurationFile",  // TOML for people to the published form
    dependencies: ["TOMLKit"] + plain("HostSystem", "Encoding", "Identity", "Configuration", "Credentials", "Policy", "Readiness"), swiftSettings: house),
  .target(name: "Events",  // one thread, one loop: what daemon and relay run on
    dependencies: plain("HostSystem"), swiftSettings: house),
  .target(name: "Relay",  // the way to the policy endpoints: one process, many logins, connections that stay open
    dependencies: ["CPlatform", .product(name: "Logging", package: "swift-log")]
      + plain("HostSystem", "Encoding", "Events", "Identity", "Configuration", "DaemonProtocol", "Policy", "Approvals"), swiftSettings: house),
  .executableTarget(name: "sojournd",
    dependencies: ["CPlatform", "Relay", "Approvals", .product(name: "Logging", package: "swift-log")]
      + plain("HostSystem", "Encoding", "Events", "Identity", "Configuration", "Credentials", "DaemonProtocol", "Policy", "Accounts", "Audit", "Readiness", "Admission"),
    swiftSettings: house, linkerSettings: daemonLink + libraries),
  .executableTarget(name: "sojourn",
    dependencies: ["CPlatform", .product(name: "ArgumentParser", package: "swift-argument-parser"), "ConfigurationFile"]
      + plain("HostSystem", "Encoding", "Identity", "Configuration", "Credentials", "DaemonProtocol", "Readiness", "Accounts", "Audit", "Policy", "Admission"),
    swiftSettings: house, linkerSettings: libraries + [.linkedLibrary("pam")]),
]

// What tests start besides the products.
targets += [
  .executableTarget(name: "PolicyProbe",  // asks the policy as the module does, and says what it left behind
    dependencies: ["CPlatform"] + twins("HostSystem", "Encoding", "Identity", "Configuration", "Policy", "DaemonProtocol"),
    path: "Tests/PolicyProbe", swiftSettings: embedded, linkerSettings: programLink + libraries),
  .executableTarget(name: "RelayProbe",  // the relay by itself, at a socket and with a configuration of the test's
    dependencies: [.product(name: "Logging", package: "swift-log")] + plain("Relay", "Approvals", "HostSystem", "Identity", "Configuration", "Policy"),
    path: "Tests/RelayProbe", swiftSettings: house, linkerSettings: libraries),
]

let testSettings: [SwiftSetting] = [.treatAllWarnings(as: .error)]
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: testSettings, linkerSettings: libraries)
}
targets += [
  // Loads the built NSS module and asks it everything; its malloc counts. No product: nothing that is installed.
  .executableTarget(name: "nss-driver", path: "Tests/NSSDriver", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
  // Holds a PAM handle as sshd and su do. No product: nothing that is installed.
  .executableTarget(name: "pam-driver", path: "Tests/PAMDriver", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])], linkerSettings: [.linkedLibrary("pam")]),
  // Plays hundreds of sshd's monitors. No product: nothing that is installed.
  .executableTarget(name: "load-driver", path: "Tests/LoadDriver", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])], linkerSettings: [.linkedLibrary("pam")]),
  tests("IdentityTests", plain("Identity", "HostSystem")),
  tests("EncodingTests", plain("Encoding")),
  tests("ConfigurationTests", plain("Configuration", "ConfigurationFile", "Encoding", "Identity", "HostSystem", "Readiness") + [.product(name: "TOMLKit", package: "TOMLKit")]),
  tests("RevocationTests", plain("Credentials", "Encoding")),
  tests("CredentialsTests", plain("Credentials", "Encoding"), exclude: ["Vectors", "RealServer", "requirements.txt"]),
  tests("PolicyTests", plain("Relay", "Policy", "Configuration", "DaemonProtocol", "Encoding", "Identity", "HostSystem")),
  tests("DaemonProtocolTests", plain("DaemonProtocol", "Encoding", "HostSystem")),
  tests("AdmissionTests", plain("Admission", "Credentials", "Policy", "Configuration", "DaemonProtocol", "Encoding", "Identity", "HostSystem")),
  tests("PAMTests", plain("HostSystem", "DaemonProtocol", "Configuration", "Encoding", "Identity") + ["pam-driver"]),  // drives the built module through libpam
  tests("NSSTests", plain("HostSystem", "Identity")),  // drives the built library through glibc
  tests("GateShellTests", plain("HostSystem")),
  tests("BinaryTests", []),                     // reads the built files
  tests("ApprovalsTests", plain("Approvals", "Policy", "Configuration", "DaemonProtocol", "Encoding", "Identity", "HostSystem")),
  tests("AccountsTests", plain("Accounts", "Audit", "Configuration", "DaemonProtocol", "Encoding", "Identity", "HostSystem")),
  tests("ReadinessTests", plain("Readiness", "Configuration", "Encoding", "Identity", "HostSystem")),
  tests("CommandLineTests", plain("HostSystem")),
  tests("HostSystemTests", plain("HostSystem")),
  tests("DaemonTests", [], exclude: ["login.py", "clock.c"]),      // the real daemon in a private host, driven through its socket
  tests("FaultTests", ["pam-driver"], exclude: ["follow.c", "sweep"]),  // one system call of a login disturbed at a time
  tests("LoadTests", plain("Events") + ["load-driver"]),          // hundreds at once, thousands in a row
  tests("ManualTests", []),                     // man pages, completions and documents against the built command line
  tests("PackageTests", [], exclude: ["next-version.sh"]),  // the Debian packages on booted hosts
  tests("HostTests", ["pam-driver"], exclude: ["terminal.py", "agent.py"]),  // real sshd, ssh, daemon and policy in a private host
]
if Context.environment["SOJOURN_FUZZ"] != nil {  // libFuzzer's own main: breaks every other build
  for (name, folder, needs) in [
    ("fuzz-lines", "Lines", ["Identity"]),
    ("fuzz-answer", "Answer", ["Policy", "Configuration", "DaemonProtocol", "Encoding", "Identity"]),
    ("fuzz-approval", "Approval", ["Approvals", "Policy", "DaemonProtocol", "Encoding"]),
    ("fuzz-certificate", "Certificate", ["Credentials"]), ("fuzz-authentication-info", "AuthenticationInfo", ["Credentials"]),
    ("fuzz-revocation-list", "RevocationList", ["Credentials"]), ("fuzz-presented", "Presented", ["Credentials"]),
  ] {
    targets.append(.executableTarget(name: name, dependencies: needs.map { .byName(name: $0) }, path: "Tests/Fuzz/\(folder)",
      swiftSettings: house + [.unsafeFlags(["-parse-as-library"])], linkerSettings: libraries))
  }
}

let package = Package(
  name: "sojourn",
  products: [
    .library(name: "pam_sojourn", type: .dynamic, targets: ["PAMModule"]),  // installed as pam_sojourn.so
    .library(name: "nss_sojourn", type: .dynamic, targets: ["NSSModule"]),  // installed as libnss_sojourn.so.2
    .executable(name: "gate-shell", targets: ["GateShell"]),                // installed as /usr/libexec/sojourn/shell
    .executable(name: "vacancy", targets: ["Vacancy"]),
    .executable(name: "reaper", targets: ["Reaper"]),
    .executable(name: "sojournd", targets: ["sojournd"]),
    .executable(name: "sojourn", targets: ["sojourn"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: targets
)
