import CPlatform.System
import Encoding
import HostSystem
import Identity

/// What setup did to this host, step by step, each written down before it is done: whatever kills it, the next `sojourn setup`
/// goes on from here, and `--undo` takes it back.
struct SetupJournal {
  /// In the order in which they were begun. A file may stand in two: what the later found is what the earlier left.
  private(set) var steps: [SetupStep]

  static var none: SetupJournal { SetupJournal(steps: []) }

  /// The largest that is read, in bytes: it holds some small files.
  private static let cap = 64 << 20

  /// Some run of setup was broken off.
  var isBroken: Bool { isPending || Files.exists(Places.setupMark) }
  /// Some run of setup changed something, and did not come to its end.
  var isPending: Bool { steps.contains { $0.isPending } }

  /// - Throws: what is wrong with it, with the remedy: what cannot be read is not thought away.
  static func read() throws(SetupRefusal) -> SetupJournal {
    guard Files.exists(Places.setupJournal) else { return none }
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.readTrusted(Places.setupJournal, cap: cap) } catch {
      throw SetupRefusal("\(Places.setupJournal) cannot be read: \(error.sentence)", remedy: "make it a file of root's, mode 600; without it setup does not know what it changed")
    }
    var steps: [SetupStep] = []
    let json: JSONValue?
    do throws(JSONError) { json = try JSONValue.parse(bytes) } catch { json = nil }
    guard let json, json["version"]?.integer == 1, let list = json["steps"]?.array else { throw damaged }
    for entry in list {
      guard let step = SetupStep(json: entry) else { throw damaged }
      steps.append(step)
    }
    return SetupJournal(steps: steps)
  }

  private static var damaged: SetupRefusal {
    SetupRefusal("\(Places.setupJournal) is damaged, or of another version", remedy: "move it away; 'sojourn setup --undo' then takes back what it knows by sight")
  }

  /// What stands there is what some setup wrote: nobody has changed it.
  func wrote(_ state: FileState, to path: String) -> Bool {
    steps.contains { $0.files.contains { $0.path.isExactly(path) && ($0.after?.bytes.elementsEqual(state.bytes) ?? false) } }
  }

  mutating func begin(_ step: SetupStep) throws(SystemError) {
    steps.append(step)
    try write()
  }

  /// Steps that are seen on the host, and that no run wrote down.
  mutating func know(_ seen: [SetupStep]) { steps += seen }

  /// The step is taken back.
  mutating func forget(at index: Int) throws(SystemError) {
    guard steps.indices.contains(index) else { return }
    steps.remove(at: index)
    try write()
  }

  /// Puts a step behind all others, for now: on the disk it stays where it is until something is forgotten.
  mutating func postpone(_ index: Int) {
    guard steps.indices.contains(index) else { return }
    steps.append(steps.remove(at: index))
  }

  /// The run came to its end: what it changed is what `--undo` takes back.
  mutating func confirm() throws(SystemError) {
    for index in steps.indices { steps[index].isPending = false }
    try write()
  }

  private func write() throws(SystemError) {
    guard !steps.isEmpty else {
      if Files.exists(Places.setupJournal) { try Files.remove(Places.setupJournal) }
      return try Files.synchronizeDirectory(of: Places.setupJournal)
    }
    let json = JSONValue.object([.init("version", .integer(1)), .init("steps", .array(steps.map { $0.json }))])
    guard let text = json.text(ascii: true) else { throw SystemError("write", code: ENOMEM) }
    try Files.replace(Places.setupJournal, with: text + [10], mode: 0o600, durable: true)
  }
}

/// Why setup does not do it, and what the admin can do.
struct SetupRefusal: Error {
  let sentence: String
  let remedy: String

  init(_ sentence: String, remedy: String = "") {
    self.sentence = sentence
    self.remedy = remedy
  }

  func say() {
    Terminal.say("sojourn: " + Escape.sentence(sentence, limit: 4096))
    if !remedy.isEmpty { Terminal.say("        -> " + Escape.sentence(remedy, limit: 2048)) }
  }
}
