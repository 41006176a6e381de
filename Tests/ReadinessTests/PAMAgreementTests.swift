import Foundation
@testable import Readiness
import Testing

/// libpam, opened at run time: the tests need no other link.
private struct Libpam {
  typealias Converse = @convention(c) (CInt, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> CInt
  struct Conversation {
    var converse: Converse?
    var data: UnsafeMutableRawPointer?
  }
  typealias Start = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer, UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> CInt
  typealias Call = @convention(c) (OpaquePointer?, CInt) -> CInt

  let start: Start
  let open: Call
  let end: Call

  init() throws {
    let library = try #require(dlopen("libpam.so.0", RTLD_NOW))
    start = unsafeBitCast(try #require(dlsym(library, "pam_start_confdir")), to: Start.self)
    open = unsafeBitCast(try #require(dlsym(library, "pam_open_session")), to: Call.self)
    end = unsafeBitCast(try #require(dlsym(library, "pam_end")), to: Call.self)
  }

  /// What pam_open_session returns for a service in a directory.
  func openSession(_ service: String, in directory: String) throws -> CInt {
    var handle: OpaquePointer?
    var conversation = Conversation(converse: { _, _, _, _ in 19 }, data: nil)
    try #require(start(service, "root", &conversation, directory, &handle) == 0)
    let result = open(handle, 0)
    _ = end(handle, result)
    return result
  }
}

@Suite("Our reading of a PAM service agrees with libpam itself", .serialized)
struct PAMAgreementTests {
  /// Answers that the other modules give, as pam_debug.so names them; controls speak of these.
  static let answers = ["success", "perm_denied", "user_unknown", "ignore"]
  static let refusals = ["perm_denied", "session_err", "user_unknown"]
  static let controls = ["required", "requisite", "sufficient", "optional", "[success=1 default=ignore]", "[success=ok default=die]", "[success=done default=bad]",
    "[default=ignore]", "[default=1]", "[success=2 user_unknown=ignore default=bad]", "[default=reset]", "[success=ok ignore=1 default=bad]", "[success=die default=ok]",
    "[default=done]", "[success=ok user_unknown=reset default=1]"]
  static let oursControls = ["required", "requisite", "[success=ok ignore=ignore default=die]", "[success=ok ignore=ignore default=bad]", "optional", "sufficient",
    "[success=ok user_unknown=ignore default=die]", "[success=ok default=ok]", "[success=ok default=1]"]

  struct Line {
    let control: String
    let isOurs: Bool
    let isInner: Bool
  }

  /// Every stack is tried with all answers of all modules: if we call it safe, libpam must never say yes while our module
  /// says no; if we do not, libpam must be seen to.
  @Test(.timeLimit(.minutes(20))) func saysSafeExactlyWhereLibpamNeverOverrulesUs() throws {
    let libpam = try Libpam()
    let folder = NSTemporaryDirectory() + "sojourn-pam-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let debug = try #require(["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu"].map { $0 + "/security/pam_debug.so" }
      .first { FileManager.default.fileExists(atPath: $0) }, "pam_debug.so is part of libpam-modules")
    let host = try ReadyHost()
    var random = Generator(state: 20_261_121)
    let rounds = ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] == nil ? 40 : 1000
    var calls = 0, safe = 0
    for round in 0..<rounds {
      let count = Int.random(in: 0...3, using: &random)
      var lines = (0..<count).map { _ in Line(control: Self.controls.randomElement(using: &random)!, isOurs: false, isInner: Bool.random(using: &random) && Bool.random(using: &random)) }
      lines.insert(Line(control: Self.oursControls.randomElement(using: &random)!, isOurs: true, isInner: false), at: Int.random(in: 0...count, using: &random))

      func write(_ answers: [String], to directory: String, inside: String, module: (Line, String) -> String) throws {
        var outer: [String] = [], inner: [String] = []
        var entered = false
        for (line, answer) in zip(lines, answers) {
          let text = "session \(line.control) " + module(line, answer)
          if line.isInner {
            // All lines of the substack stand where the first of them does.
            if !entered { outer.append("session substack " + inside) }
            entered = true
            inner.append(text)
          } else {
            outer.append(text)
          }
        }
        try Data((inner.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: directory + "/inner"))
        try Data((outer.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: directory + "/test"))
        for name in ["inner", "test"] { try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: directory + "/" + name) }
      }

      try write(lines.map { _ in "" }, to: host.root + "/etc/pam.d", inside: "inner") { line, _ in line.isOurs ? "pam_sojourn.so" : "pam_x.so" }
      let isSafe = PAMPaths.gap(try PAMStack(service: "test", phase: .session, host.files)) == nil
      var overruled = false
      var combinations: [[String]] = [[]]
      for line in lines { combinations = combinations.flatMap { head in (line.isOurs ? Self.refusals : Self.answers).map { head + [$0] } } }
      for combination in combinations where !overruled {
        try write(combination, to: folder, inside: folder + "/inner") { _, answer in "\(debug) open_session=\(answer)" }
        calls += 1
        overruled = try libpam.openSession("test", in: folder) == 0
      }
      if isSafe { safe += 1 }
      #expect(isSafe != overruled, "round \(round): \(lines.map { "\($0.isInner ? "inner " : "")\($0.control)\($0.isOurs ? " <- ours" : "")" })")
    }
    print("PAM stacks compared with libpam: \(rounds), of them \(safe) safe, \(calls) sessions opened")
    #expect(safe > rounds / 20 && safe < rounds * 19 / 20)
  }

  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 2_685_821_657_736_338_717
    }
  }
}
