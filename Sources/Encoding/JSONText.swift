internal import CPlatform.JSON

/// Why a text is no JSON value for us (jansson's verdict, with its place).
public struct JSONError: Error, Sendable {
  public let line: Int32
  public let column: Int32
  public let reason: String
}

extension JSONValue {
  /// Parses UTF-8 text with jansson: duplicate names, NUL characters, invalid UTF-8, numbers out of range and text after
  /// the value are errors. Nesting deeper than `depth` is an error too: what walks the tree must not run out of stack.
  public static func parse(_ bytes: [UInt8], depth: Int = 32) throws(JSONError) -> JSONValue {
    var error = json_error_t()
    // SAFETY: the pointer is the array's own storage, whose count is passed; jansson copies what it keeps.
    let root = unsafe bytes.withUnsafeBytes { buffer -> OpaqueJSON? in
      guard let base = buffer.baseAddress else { return nil }
      return unsafe sojourn_json_parse(base.assumingMemoryBound(to: CChar.self), buffer.count, &error).map { unsafe OpaqueJSON($0) }
    }
    guard let root else {
      // SAFETY: jansson NUL-terminates `text` within its array; the tuple is read in place.
      let reason = unsafe withUnsafeBytes(of: &error.text) { text in unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) }
      throw JSONError(line: error.line, column: error.column, reason: bytes.isEmpty ? "empty text" : reason)
    }
    defer { root.release() }
    guard let value = root.tree(depth: depth) else { throw JSONError(line: 0, column: 0, reason: "nested too deeply or not representable") }
    return value
  }

  /// Compact UTF-8 text; `sorted` puts member names in order, for files that are compared.
  /// nil only if memory runs out or a string cannot be encoded.
  /// - Parameter ascii: everything beyond ASCII is escaped: the same document, and nothing in it steers a terminal.
  public func text(sorted: Bool = false, ascii: Bool = false) -> [UInt8]? {
    guard let tree = OpaqueJSON(copying: self) else { return nil }
    defer { tree.release() }
    return tree.text(sorted: sorted, ascii: ascii)
  }
}

/// The one place that touches jansson's references.
@safe private struct OpaqueJSON {
  private let pointer: UnsafeMutablePointer<json_t>

  // SAFETY: the reference is owned by whoever made it, and given back once with `release`.
  init(_ pointer: UnsafeMutablePointer<json_t>) { unsafe self.pointer = unsafe pointer }

  // SAFETY: gives back the one reference that `init` took over; nobody uses the value afterwards.
  func release() { unsafe sojourn_json_release(pointer) }

  // SAFETY: every pointer that jansson hands out here is borrowed from `pointer`, which lives until `release`;
  // string pointers are read for exactly the length that jansson gives.
  func tree(depth: Int) -> JSONValue? {
    guard depth > 0 else { return nil }
    switch unsafe json_type(UInt32(bitPattern: sojourn_json_type(pointer))) {
    case JSON_TRUE: return .boolean(true)
    case JSON_FALSE: return .boolean(false)
    case JSON_NULL: return .null
    case JSON_INTEGER: return unsafe .integer(Int64(json_integer_value(pointer)))
    case JSON_REAL: return unsafe .real(json_real_value(pointer))
    case JSON_STRING:
      guard let start = unsafe json_string_value(pointer) else { return nil }
      let raw = unsafe UnsafeRawBufferPointer(start: start, count: json_string_length(pointer))
      return unsafe .string(String(decoding: raw, as: UTF8.self))
    case JSON_ARRAY:
      var values: [JSONValue] = []
      for index in 0..<(unsafe json_array_size(pointer)) {
        guard let element = unsafe json_array_get(pointer, index), let value = unsafe OpaqueJSON(element).tree(depth: depth - 1)
        else { return nil }
        values.append(value)
      }
      return .array(values)
    case JSON_OBJECT:
      var members: [JSONValue.Member] = []
      var iterator = unsafe sojourn_json_first(pointer)
      while let at = unsafe iterator {
        guard let value = unsafe OpaqueJSON(sojourn_json_member(at)).tree(depth: depth - 1) else { return nil }
        members.append(unsafe .init(String(cString: sojourn_json_key(at)), value))
        unsafe iterator = unsafe sojourn_json_next(pointer, at)
      }
      return .object(members)
    default: return nil
    }
  }

  // SAFETY: a container takes over each reference that is added to it, also when adding fails (jansson's *_new calls).
  init?(copying value: JSONValue) {
    let made: UnsafeMutablePointer<json_t>?
    switch value {
    case .null: unsafe made = unsafe json_null()
    case .boolean(let flag): unsafe made = unsafe sojourn_json_boolean(flag ? 1 : 0)
    case .integer(let number): unsafe made = unsafe json_integer(json_int_t(number))
    case .real(let number): unsafe made = unsafe json_real(number)
    case .string(let text): unsafe made = unsafe OpaqueJSON.string(text)
    case .array(let values):
      unsafe made = unsafe json_array()
      guard let array = unsafe made else { return nil }
      for element in values {
        guard let child = OpaqueJSON(copying: element), unsafe sojourn_json_append(array, child.pointer) == 0 else {
          unsafe sojourn_json_release(array)
          return nil
        }
      }
    case .object(let members):
      unsafe made = unsafe json_object()
      guard let object = unsafe made else { return nil }
      for member in members {
        guard let child = OpaqueJSON(copying: member.value), unsafe sojourn_json_set(object, member.name, child.pointer) == 0 else {
          unsafe sojourn_json_release(object)
          return nil
        }
      }
    }
    guard let pointer = unsafe made else { return nil }
    unsafe self.init(pointer)
  }

  // SAFETY: the bytes are read within their count; jansson copies them.
  private static func string(_ text: String) -> UnsafeMutablePointer<json_t>? {
    let bytes = Array(text.utf8)
    return unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return unsafe sojourn_json_string("", 0) }
      return unsafe sojourn_json_string(base.assumingMemoryBound(to: CChar.self), buffer.count)
    }
  }

  // SAFETY: jansson's text is NUL-terminated, ours until free, and copied before that.
  func text(sorted: Bool, ascii: Bool) -> [UInt8]? {
    guard let start = unsafe sojourn_json_text(pointer, sorted ? 1 : 0, ascii ? 1 : 0) else { return nil }
    defer { unsafe free(start) }
    var bytes: [UInt8] = []
    var at = 0
    while unsafe start[at] != 0 {
      bytes.append(UInt8(bitPattern: unsafe start[at]))
      at += 1
    }
    return bytes
  }
}
