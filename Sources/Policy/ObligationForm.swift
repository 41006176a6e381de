internal import Encoding

/// `context.obligations`. One that is not understood to its last needed member is a fault, and the others are still
/// carried out: the profile says so of a yes and of a no alike.
extension Obligations {
  /// Of one answer.
  static var most: Int { 32 }
  /// Bytes of an id, an address, a subject, a topic, a level.
  static var longestName: Int { 256 }
  /// Bytes of a notification.
  static var longestBody: Int { 1024 }
  static var mostMethods: Int { 16 }

  /// - Parameter value: nil if the answer has none.
  init(_ value: JSONValue?) {
    self.init()
    guard let value else { return }
    guard let demanded = value.array else {
      fault = "obligations is no list"
      return
    }
    guard demanded.count <= Obligations.most else {
      fault = "more than \(Obligations.most) obligations"
      return
    }
    var ids: [String] = []
    for one in demanded {
      do throws(Unmet) { try add(one, &ids) } catch { fault = fault ?? error.why }
    }
  }

  private struct Unmet: Error { let why: String }

  private mutating func add(_ value: JSONValue, _ ids: inout [String]) throws(Unmet) {
    guard value.members != nil else { throw Unmet(why: "an obligation is no object") }
    guard let type = value["type"]?.string else { throw Unmet(why: "an obligation of no type") }
    let shown = Escape.visible(type, limit: 64)
    guard let id = Obligations.name(value["id"]) else { throw Unmet(why: shown + " without an id") }
    guard !ids.contains(where: { $0.isExactly(id) }) else { throw Unmet(why: "two obligations have the id " + Escape.visible(id, limit: 64)) }
    ids.append(id)
    guard let properties = value["properties"], properties.members != nil else { throw Unmet(why: shown + " without properties") }
    if type.isExactly("notification") {
      guard let to = Obligations.name(properties["to"]) else { throw Unmet(why: "notification without to") }
      guard let body = properties["body"]?.string, (1...Obligations.longestBody).contains(body.utf8.count) else {
        throw Unmet(why: "notification without a body of 1 to \(Obligations.longestBody) bytes")
      }
      let topic = Obligations.name(properties["topic"])
      guard topic != nil || properties["topic"] == nil else { throw Unmet(why: "notification with a topic that is no short text") }
      list.append(.notification(.init(to: to, topic: topic, body: body)))
    } else if type.isExactly("session_termination") {
      guard let subject = Obligations.name(properties["subject"]) else { throw Unmet(why: "session_termination without subject") }
      list.append(.sessionTermination(subject: subject))
    } else if type.isExactly("step-up") {
      guard let level = Obligations.name(properties["acr_value"]) else { throw Unmet(why: "step-up without acr_value") }
      var methods: [String] = []
      if let demanded = properties["amr_values"] {
        guard let names = demanded.strings, names.count <= Obligations.mostMethods else { throw Unmet(why: "step-up with amr_values that are no short list of texts") }
        methods = names
      }
      guard stepUp == nil else { throw Unmet(why: "step-up twice") }
      stepUp = StepUp(level: Escape.visible(level, limit: 128), methods: methods.map { Escape.visible($0, limit: 32) })
    } else {
      throw Unmet(why: shown)
    }
  }

  private static func name(_ value: JSONValue?) -> String? {
    guard let text = value?.string, (1...longestName).contains(text.utf8.count) else { return nil }
    return text
  }
}

extension StepUp {
  /// `acr_values` and `amr_values` of a no, as AuthZEN's examples have them: texts with blanks between the values, or lists.
  /// Nil if neither says anything.
  init?(_ context: JSONValue?) {
    let levels = StepUp.values(context?["acr_values"])
    let methods = StepUp.values(context?["amr_values"])
    guard !levels.isEmpty || !methods.isEmpty else { return nil }
    var level: String?
    for value in levels { level = level.map { $0 + " or " + value } ?? value }
    self.init(level: level, methods: methods)
  }

  private static func values(_ value: JSONValue?) -> [String] {
    let texts = value?.strings ?? (value?.string).map { $0.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) } } ?? []
    return texts.filter { !$0.utf8.isEmpty }.prefix(4).map { Escape.visible($0, limit: 64) }
  }
}
