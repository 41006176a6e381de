@testable import Credentials

// Revocation lists, and their published form, of arbitrary bytes (libFuzzer). Run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-revocation-list
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-revocation-list -max_total_time=60 -max_len=20000 -rss_limit_mb=512
// A trap is a find by itself; what must hold of every list that is taken is a trap here too.

@c(LLVMFuzzerTestOneInput)
public func fuzzRevocationList(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call; they are copied.
  let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  let subject = RevocationSubject(key: [0, 0, 0, 1, 97], authority: [0, 0, 0, 1, 98], serial: 42, keyID: Array("alice".utf8))
  do throws(RevocationFault) {
    var entries = RevocationEntries()
    try entries.add(list: input)
    let settled = entries
    let form = try RevocationForm.bytes(entries, lists: ["list"])
    let index = try RevocationIndex(RevocationMemory(form), lists: ["list"])
    let verdict = try index.revocation(of: subject)
    // The table's answer is that of a walk over all entries.
    let isListed = settled.serials.contains { $0.authority == .zero && $0.first <= 42 && 42 <= $0.last }
    precondition(isListed == (verdict == .serial) || verdict == .key || verdict == .authority || verdict == .keyID)
    precondition(index.nameSerials == !settled.serials.isEmpty)
  } catch {
    precondition(error.detail.utf8.allSatisfy { $0 >= 32 && $0 < 127 } && error.detail.utf8.count < 1024)
  }
  // As a published form: whatever it is, it is a verdict or a fault.
  do throws(RevocationFault) { _ = try RevocationIndex(RevocationMemory(input), lists: ["list"]).revocation(of: subject) } catch { return 0 }
  return 0
}
