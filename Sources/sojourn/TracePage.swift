import Accounts
import Audit
import Encoding
import HostSystem
import Identity

/// Sessions of the past, printed while they are found: a name that was here for years has very many.
struct TracePage {
  private let registered: Registered
  private let isJSON: Bool
  private(set) var count = 0

  static func text(_ registered: Registered) -> TracePage { TracePage(registered: registered, isJSON: false) }
  static func json(_ registered: Registered) -> TracePage { TracePage(registered: registered, isJSON: true) }

  func begin() throws {
    guard isJSON else { return try Terminal.print(registered.sentence) }
    let uids = JSONValue.array(registered.pairs.map { .object([.init("uid", .integer(Int64($0.uid))), .init("name", .string($0.name.text))]) })
    try Terminal.print("{\"version\":1,\"registered\":" + TracePage.json(uids) + ",\"sessions\":[")
  }

  mutating func add(_ session: SessionTrace) throws {
    let isLive = TracePage.isLive(session)
    if isJSON {
      try Terminal.print((count == 0 ? "" : ",") + TracePage.json(session.json(isLive: isLive)))
    } else {
      for line in session.lines(isLive: isLive) { try Terminal.print(line) }
    }
    count += 1
  }

  func end(_ known: Knowledge) throws {
    guard isJSON else {
      if count == 0 { try Terminal.print(known.isTooEarly ? "The log does not reach back that far." : "The log tells of nobody\(known.moment == nil ? "" : " at that time").") }
      for sentence in known.sentences { Terminal.say(sentence) }
      return
    }
    var o = JSONObject()
    o.set("log_begins", known.beginning.map { Timestamp.text($0) })
    o.set("damaged_lines", .unsigned(known.damaged))
    o.set("unreadable", .strings(known.gaps.map { Escape.visible($0) }))
    try Terminal.print("]," + String(TracePage.json(o.value).dropFirst()))
  }

  private static func json(_ value: JSONValue) -> String { String(decoding: value.text(ascii: true) ?? Array("null".utf8), as: UTF8.self) }

  /// Its lease, or its own file, says that it is there; without a daemon that is what was last seen.
  private static func isLive(_ session: SessionTrace) -> Bool {
    guard session.end == .unknown else { return false }
    if session.isLocal { return session.id.utf8.allSatisfy { $0 != UInt8(ascii: "/") } && Files.exists(Places.localSessions + "/" + session.id + ".json") }
    guard let name = AccountName(session.name), let bytes = try? Files.readTrusted(Places.leases + "/" + name.text + ".json", cap: 16 << 20),
      let lease = try? JSONValue.parse(bytes)
    else { return false }
    return (lease["sessions"]?.array ?? []).contains { $0["id"]?.string?.isExactly(session.id) ?? false }
  }
}

extension SessionTrace {
  func lines(isLive: Bool) -> [String] {
    var head = show(id) + "  " + (since.map { Timestamp.text($0) } ?? "(begin unknown)") + "  "
    let latest = expires.map { ", at the latest until " + Timestamp.text($0) } ?? ""
    switch end {
    case .at(let time, let reason): head += "to " + Timestamp.text(time) + " (" + show(reason) + ")"
    case .before(let time): head += "to " + Timestamp.text(time) + " at the latest (the line of its end is missing; the account was taken down then)"
    case .unknown: head += isLive ? "lives now" + latest : "its end is not on record" + latest
    }
    return [
      head, "  account   \(show(name)) (uid \(uid)\(isLocal ? ", a local account" : ""))",
      "  who       \(show(keyID)), serial \(show(serial)), signed by \(show(caFingerprint)), key \(show(keyFingerprint))",
      "  from      \(show(remote)) through \(show(service))",
      "  decision  " + (isBreakGlass ? "BREAK-GLASS: by this host alone" : "\(show(endpoint)), request \(show(requestID))"),
    ] + (groups.isEmpty ? [] : ["  groups    " + groups.map { show($0) }.joined(separator: ", ")])
  }

  /// Once more escaped: the log is a file, and what is in it may be anybody's after a bad day.
  private func show(_ text: String) -> String { text.isEmpty ? "-" : SessionTrace.printable(text) }

  /// The log's texts are escaped already; only what still steers a terminal is, and a backslash stays one.
  static func printable(_ text: String) -> String {
    text.utf8.allSatisfy { $0 >= 32 && $0 < 127 } ? text : Escape.visible(text)
  }

  func json(isLive: Bool) -> JSONValue {
    var o = JSONObject()
    o.set("session", id)
    o.set("name", name)
    o.set("uid", .integer(Int64(uid)))
    o.set("local", .boolean(isLocal))
    o.set("since", since.map { Timestamp.text($0) })
    switch end {
    case .at(let time, let reason):
      o.set("until", Timestamp.text(time))
      o.set("reason", reason)
    case .before(let time): o.set("until_at_the_latest", Timestamp.text(time))
    case .unknown: o.set("lives", .boolean(isLive))
    }
    o.set("expires", expires.map { Timestamp.text($0) })
    o.set("key_id", keyID)
    o.set("serial", serial)
    o.set("key_fp", keyFingerprint)
    o.set("ca_fp", caFingerprint)
    o.set("service", service)
    o.set("remote", remote)
    o.set("endpoint", endpoint)
    o.set("request_id", requestID)
    o.set("break_glass", .boolean(isBreakGlass))
    o.set("groups", .strings(groups))
    return o.value
  }
}
