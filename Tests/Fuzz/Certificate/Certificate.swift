@testable import Credentials
import Encoding

// Certificates of arbitrary bytes (libFuzzer), judged by every rule, for an authority that is whoever they say it is. Run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-certificate
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-certificate -max_total_time=60 -max_len=40000 Tests/Fuzz/Seeds/fuzz-certificate
// A trap is a find by itself; what must hold of every verdict is a trap here too.

private let sources = [
  AttributeSource(name: "roles", text: "extension:teleport-roles:json:.roles"), AttributeSource(name: "groups", text: "extension:groups@example.com:csv"),
  AttributeSource(name: "list", text: "extension:roles@example.com:json"), AttributeSource(name: "mail", text: "key-id"),
  AttributeSource(name: "flag", text: "extension:permit-pty:flag"),
].compactMap { $0 }

private struct BySerial: Revocations {
  var nameSerials: Bool { true }
  func reason(_ certificate: RevocationSubject) -> String? { certificate.keyID.isEmpty ? "no key id\u{7}" : nil }
}

private func isFit(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 32 && $0 < 127 } && text.utf8.count < 1024 }

@c(LLVMFuzzerTestOneInput)
public func fuzzCertificate(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call; they are copied.
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let claimed = ShownCertificate(typeName: [], blob: input).claimedAuthority ?? []
  let limits = AuthorityLimits(blob: claimed, principals: ["a*"], maxLifetime: 40000, networks: AddressRange.list("127.0.0.0/8,::1".utf8) ?? [], attributes: sources)
  let demands = CertificateDemands(authorities: [limits], loginName: "alice", now: 1_767_240_000, maxLifetime: 43200, clockSkew: 30, enforcer: .sshd,
    client: IPAddress("127.0.0.1".utf8))
  let verdict = CertificateVerdict.of(input, demands, BySerial())

  precondition(verdict.lines.map { $0.rule } == CertificateRule.allCases)
  precondition((verdict.certificate == nil) == (verdict.refusal != nil))
  for line in verdict.lines { if case .failed(let detail) = line.outcome { precondition(!detail.isEmpty && isFit(detail)) } }
  if let fields = verdict.fields {
    precondition(fields.signedCount < input.count && fields.plainKeyBlob.count < input.count && claimed.elementsEqual(fields.authority))
    precondition(fields.principals.count <= 256 && fields.criticalOptions.count <= 64 && fields.extensions.count <= 64)
    for text in [fields.shownKeyID, fields.shownAuthorityType, fields.shownSignatureAlgorithm] + fields.shownPrincipals.prefix(4) { precondition(isFit(text)) }
    // The certified key is a plain key that reads back as itself.
    precondition((try? PublicKey(blob: fields.plainKeyBlob))?.type == fields.publicKey.type)
  }
  if let certificate = verdict.certificate {
    precondition(certificate.principals.contains("alice") && certificate.attested.serial != 0 && !certificate.keyID.isEmpty)
    precondition(certificate.attested.validBefore - certificate.attested.validAfter <= 40030)
    for attribute in certificate.attributes { precondition(attribute.values.count <= 256 && attribute.values.allSatisfy { $0.utf8.count <= 1024 }) }
  }
  return 0
}
