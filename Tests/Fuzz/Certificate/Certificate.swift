@testable import Credentials

// Certificates of arbitrary bytes (libFuzzer): the parser, and then the rules, as if an authority had signed them. Run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-certificate
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-certificate -max_total_time=60 -max_len=40000
// A trap is a find by itself; what must hold of every certificate that is taken apart is a trap here too.

@c(LLVMFuzzerTestOneInput)
public func fuzzCertificate(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call; they are copied.
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let demands = CertificateDemands(authorities: [PlainKey(point: [UInt8](repeating: 1, count: 32)).blob], loginName: "alice", now: 1_767_240_000,
    maxLifetime: 43200, clockSkew: 30, enforcer: .sshd)
  var seen: AttestedCertificate?
  do throws(CertificateRefusal) {
    _ = try VerifiedCertificate.verify(input, demands, seen: &seen)
    preconditionFailure("nobody signed this")
  } catch {
    precondition(seen == nil && error.detail.utf8.allSatisfy { $0 >= 32 && $0 < 127 } && error.detail.utf8.count < 1024)
  }
  do throws(CertificateRefusal) {
    let fields = try UnverifiedCertificate(input)
    precondition(fields.signedCount < input.count && fields.publicKey.count == 32)
    precondition(fields.principals.count <= 256 && fields.criticalOptions.count <= 64 && fields.extensions.count <= 64)
    try UserTypeRule.judge(fields)
    try ReservedFieldsRule.judge(fields)
    let keyID = try KeyIDRule.judge(fields)
    precondition(keyID.utf8.count <= 256)
    try ValidityRule.judge(fields, now: demands.now, skew: demands.clockSkew)
    try LifetimeRule.judge(fields, cap: demands.maxLifetime, skew: demands.clockSkew)
    let names = try PrincipalsRule.judge(fields, loginName: "alice")
    precondition(names.contains("alice"))
    try CriticalOptionsRule.judge(fields, enforcer: .sshd)
    try ExtensionsRule.judge(fields)
    try SelfSignedRule.judge(fields)
    precondition(fields.kind == 1 && fields.validBefore - fields.validAfter <= 43230)
  } catch {
    precondition(error.detail.utf8.allSatisfy { $0 >= 32 && $0 < 127 } && error.detail.utf8.count < 1024)
  }
  return 0
}
