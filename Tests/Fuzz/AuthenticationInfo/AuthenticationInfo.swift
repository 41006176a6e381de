internal import Credentials

// SSH_AUTH_INFO_0 of arbitrary bytes (libFuzzer). Run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-authentication-info
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-authentication-info -max_total_time=60 -max_len=70000

@c(LLVMFuzzerTestOneInput)
public func fuzzAuthenticationInfo(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call.
  let input = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: data, count: size))
  do throws(AuthenticationInfoError) {
    let info = try AuthenticationInfo(input)
    precondition(input.isEmpty || input[input.count - 1] == 10)
    precondition(info.certificates.count + info.plainKeys.count + info.otherMethods.count <= 32)
    for certificate in info.certificates {
      precondition(certificate.blob.count < input.count)
      if let authority = certificate.claimedAuthority { precondition(authority.count < certificate.blob.count) }
    }
    for text in info.plainKeys + info.otherMethods { precondition(text.utf8.allSatisfy { $0 >= 32 && $0 < 127 }) }
  } catch {
    precondition(!error.detail.isEmpty)
  }
  return 0
}
