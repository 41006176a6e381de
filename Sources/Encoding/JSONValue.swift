/// A JSON value (RFC 8259) as a tree of its own, without references into the library that parsed it.
/// Members keep their order; names are unique (RFC 7493 section 2.3), which the parser enforces.
public indirect enum JSONValue: Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Sendable {
    public let name: String
    public let value: JSONValue
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of that name, or nil: of an object that lacks it, and of anything that is no object.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    for member in members where member.name.isExactly(name) { return member.value }
    return nil
  }

  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  public var boolean: Bool? {
    guard case .boolean(let value) = self else { return nil }
    return value
  }

  public var integer: Int64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  public var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  public var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// Strings only; nil if it is no array or holds anything else.
  public var strings: [String]? {
    guard case .array(let values) = self else { return nil }
    var texts: [String] = []
    for value in values {
      guard case .string(let text) = value else { return nil }
      texts.append(text)
    }
    return texts
  }

  public static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

  /// Numbers up to 2^53 - 1 as numbers (RFC 7493 section 2.2), larger ones clamped; serials go as strings.
  public static func unsigned(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }
}

/// Builds an object member by member, leaving out what is nil: AuthZEN says that absent members are omitted, never null.
public struct JSONObject {
  private var members: [JSONValue.Member] = []
  public init() {}

  // Not inlined: hundreds of calls in a module that lives in sshd.
  @inline(never)
  public mutating func set(_ name: String, _ value: JSONValue?) {
    if let value { members.append(.init(name, value)) }
  }
  @inline(never)
  public mutating func set(_ name: String, _ text: String?) {
    if let text { members.append(.init(name, .string(text))) }
  }
  public var value: JSONValue { .object(members) }
}
