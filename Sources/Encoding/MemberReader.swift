/// A JSON object that is not of the form that was agreed: which member, and what is wrong with it.
public struct MemberError: Error, Sendable {
  public let member: String
  public let reason: String

  public init(member: String, reason: String) {
    self.member = member
    self.reason = reason
  }

  public var sentence: String { member.utf8.isEmpty ? reason : member + ": " + reason }
}

/// Typed access to an object's members, with the path for the error. Members that nobody asks for are ignored.
public struct MemberReader {
  public let value: JSONValue
  private let path: String

  public init(_ value: JSONValue, path: String = "") {
    self.value = value
    self.path = path
  }

  private func name(_ member: String) -> String { path.utf8.isEmpty ? member : path + "." + member }

  private func need<T>(_ member: String, _ expected: String, _ value: T?) throws(MemberError) -> T {
    guard let value else { throw MemberError(member: name(member), reason: "missing, or not " + expected) }
    return value
  }

  /// An error about one of the members.
  public func wrong(_ member: String, _ reason: String) -> MemberError { MemberError(member: name(member), reason: reason) }

  public func has(_ member: String) -> Bool { value[member] != nil }

  public func object(_ member: String) throws(MemberError) -> MemberReader {
    let inner = try need(member, "an object", value[member])
    guard case .object = inner else { throw wrong(member, "not an object") }
    return MemberReader(inner, path: name(member))
  }
  public func objects(_ member: String) throws(MemberError) -> [MemberReader] {
    var readers: [MemberReader] = []
    for element in try need(member, "a list", value[member]?.array) {
      guard case .object = element else { throw wrong(member, "holds something else than objects") }
      readers.append(MemberReader(element, path: name(member)))
    }
    return readers
  }
  public func members() throws(MemberError) -> [JSONValue.Member] { try need("", "an object", value.members) }
  public func string(_ member: String) throws(MemberError) -> String { try need(member, "a string", value[member]?.string) }
  public func strings(_ member: String) throws(MemberError) -> [String] { try need(member, "a list of strings", value[member]?.strings) }
  public func boolean(_ member: String) throws(MemberError) -> Bool { try need(member, "true or false", value[member]?.boolean) }
  public func integer(_ member: String) throws(MemberError) -> Int64 { try need(member, "a whole number", value[member]?.integer) }
  public func unsigned(_ member: String) throws(MemberError) -> UInt64 {
    try need(member, "a whole number from 0 on", value[member]?.integer.flatMap { UInt64(exactly: $0) })
  }
  /// A uid or gid.
  public func id(_ member: String) throws(MemberError) -> UInt32 { try need(member, "an id", UInt32(exactly: try unsigned(member))) }
  public func pid(_ member: String) throws(MemberError) -> Int32 { try need(member, "a process id", Int32(exactly: try unsigned(member))) }
  /// The empty string stands for "none".
  public func optionalString(_ member: String) throws(MemberError) -> String? {
    let text = try string(member)
    return text.utf8.isEmpty ? nil : text
  }
}
