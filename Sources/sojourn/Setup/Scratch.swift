import Encoding
import HostSystem
import Identity
import Readiness

/// A directory of root's in memory, for drafts that are looked at before anything of the host is changed.
struct Scratch: ~Copyable {
  let path: String

  init() throws(SetupRefusal) {
    path = Scratch.prefix + String(ProcessTable.ownPid)
    Scratch.removeOthers()
    do throws(SystemError) { try Files.makeDirectory(path, mode: 0o700) } catch { throw SetupRefusal("\(path) cannot be made: \(error.sentence)") }
  }

  deinit { Scratch.remove(path) }

  static let prefix = "/run/sojourn-setup."

  /// Of those who were killed.
  private static func removeOthers() {
    for name in HostFiles().names(in: "/run") where ("/run/" + name).begins(with: prefix) {
      guard let pid = Int32(name.parts(46).last ?? ""), ProcessReference.of(pid: pid) == nil else { continue }
      remove("/run/" + name)
    }
  }

  func put(_ name: String, _ text: String) throws(SetupRefusal) -> String {
    let file = path + "/" + name
    do throws(SystemError) {
      try makeDirectories(above: name)
      try Files.replace(file, with: Array(text.utf8), mode: 0o600, durable: false)
    } catch { throw SetupRefusal("\(file) cannot be written: \(error.sentence)") }
    return file
  }

  private func makeDirectories(above name: String) throws(SystemError) {
    var directory = path
    for part in name.parts(47).dropLast() {
      directory += "/" + part
      if !Files.exists(directory) { try Files.makeDirectory(directory, mode: 0o755) }
    }
  }

  /// The regular files of a directory of the host's, as they are; those that cannot be read are left out.
  func copy(_ directory: String, into name: String) throws(SetupRefusal) {
    for file in HostFiles().names(in: directory) {
      let state: FileState?
      do throws(SystemError) { state = try HostFile.read(directory + "/" + file) } catch { continue }
      if let state { _ = try put(name + "/" + file, state.text) }
    }
  }

  /// What would change, as `diff -u` shows it; empty if nothing does.
  func difference(_ step: SetupStep.File) throws(SetupRefusal) -> String {
    let before = try put("before", step.before?.text ?? "")
    let after = try put("after", step.after?.text ?? "")
    let outcome = try Command.answer("/usr/bin/diff", ["-u", "--label", step.before == nil ? "/dev/null" : step.path, "--label", step.after == nil ? "/dev/null" : step.path, before, after])
    guard outcome.status <= 1 else { throw SetupRefusal("diff failed: " + String(decoding: outcome.errors, as: UTF8.self)) }
    return Scratch.shown(outcome.output)
  }

  /// Files come from people: letters stay, what steers a terminal does not.
  private static func shown(_ bytes: [UInt8]) -> String {
    bytes.split(separator: 10).map { Escape.sentence(String(decoding: $0.map { $0 == 9 ? 32 : $0 }, as: UTF8.self), limit: 4096) }.joined(separator: "\n")
  }

  private static func remove(_ path: String) {
    for name in (try? Files.names(in: path)) ?? [] {
      let entry = path + "/" + name
      if (try? Files.facts(entry).isDirectory) == true { remove(entry) } else { try? Files.remove(entry) }
    }
    try? Files.removeDirectory(path)
  }
}
