public import Configuration
internal import DaemonProtocol
public import Encoding
internal import Identity

/// The question as an AuthZEN evaluation request (Authorization API 1.0, section "Access Evaluation Request").
///
/// What stays the same from login to login goes in subject, action and resource; what belongs to this connection (time,
/// address, certificate) goes in the context, or an approval for one attempt would never match the next: the approval
/// profile compares subject, action and resource member by member.
extension Question {
  /// What is sent. OPA echoes no `X-Request-ID`, so there the id stands in the question too: its decision log keeps that.
  func body(of host: HostFacts, _ rules: PolicyRules, requestID: String, _ wrapping: Wrapping) throws(PolicyFailure) -> [UInt8] {
    var logged: String?
    if case .opa = wrapping { logged = requestID }
    guard let text = wrapping.wrap(evaluation(of: host, attributesIn: rules.attributesIn, requestID: logged)).text() else {
      throw .notAsked("the question cannot be written as JSON")
    }
    return text
  }

  /// What the policy reads, before a dialect wraps it.
  public func evaluation(of host: HostFacts, attributesIn place: AttributePlace, requestID: String? = nil) -> JSONValue {
    var properties: [JSONValue.Member] = []
    for attribute in attributes { properties.append(.init(attribute.name, .strings(attribute.values))) }
    let stable = JSONValue.object(unique(properties))
    let isInSubject = switch place {
    case .subject: true
    case .context: false
    }

    var subject = JSONObject()
    subject.set("type", subjectType)
    subject.set("id", subjectID)
    subject.set("properties", isInSubject ? stable : .object([]))

    var doing = JSONObject()
    if !isCheck {
      doing.set("service", login.service)
      doing.set("account", account)
      doing.set("target", elevation?.target)
    }
    var action = JSONObject()
    action.set("name", isCheck ? "check" : elevation == nil ? "login" : "sudo")
    action.set("properties", doing.value)

    var labels: [JSONValue.Member] = []
    for label in host.labels { labels.append(.init(label.name, .string(label.value))) }
    var resource = JSONObject()
    resource.set("type", "host")
    resource.set("id", host.id)
    resource.set("properties", .object([.init("labels", .object(unique(labels)))]))

    var context = JSONObject()
    context.set("time", Timestamp.text(now))
    // A name, where sshd looks names up, is what the client's own name server says: no policy may take it for an address.
    context.set(IPAddress(Array(login.remote.utf8)) == nil ? "source_name" : "source_ip", known(login.remote))
    context.set("tty", known(login.tty))
    context.set("command", elevation?.command.json)
    if !isCheck { context.set("credential", credentialForm) }
    if !isInSubject { context.set("attributes", stable) }
    context.set("pep", .object([.init("name", .string("pam_sojourn")), .init("version", .string(Release.version))]))
    context.set("approval", approval)
    context.set("session", session.map { .object([.init("id", .string($0.id)), .init("opened", .string(Timestamp.text($0.opened)))]) })
    context.set("supported_obligations", .strings(Obligations.supported))
    context.set("request_id", requestID)

    var root = JSONObject()
    root.set("subject", subject.value)
    root.set("action", action.value)
    root.set("resource", resource.value)
    root.set("context", context.value)
    return root.value
  }

  private var credentialForm: JSONValue {
    var form = JSONObject()
    form.set("kind", credential.kind)
    form.set("key_id", credential.keyID)
    form.set("serial", credential.serial)
    form.set("key_fp", credential.keyFingerprint)
    form.set("ca_fp", credential.caFingerprint)
    form.set("principals", .strings(credential.principals))
    form.set("not_before", Timestamp.text(credential.notBefore))
    form.set("not_after", Timestamp.text(credential.notAfter))
    form.set("extensions", .object(unique(extensions.map { .init(Escape.visible($0.name, limit: 256), .string($0.value)) })))
    return form.value
  }

  /// Absent members are omitted, never null or empty.
  private func known(_ text: String) -> String? { text.utf8.isEmpty ? nil : text }

  /// One member a name, the first: a second would silently replace it in the library that writes JSON.
  private func unique(_ members: [JSONValue.Member]) -> [JSONValue.Member] {
    var kept: [JSONValue.Member] = []
    for member in members where !kept.contains(where: { $0.name.isExactly(member.name) }) { kept.append(member) }
    return kept
  }
}
