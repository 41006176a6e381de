internal import Identity

// The readers of published lines under arbitrary bytes (libFuzzer). Build and run:
//   SOJOURN_FUZZ=1 swift build --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz-lines
//   SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-lines -max_total_time=60
// A trap is a find by itself; what must hold of every line that is accepted is a trap here too.

@c(LLVMFuzzerTestOneInput)
public func fuzzLines(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  // SAFETY: libFuzzer lends `size` bytes for the call.
  let input = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: data, count: size))
  if let account = PasswdLine(input) {
    precondition(UIDRange.isPossible(account.uid) && input.count <= PasswdLine.cap)
    precondition(account.gecos.upperBound < account.home.lowerBound && account.home.upperBound < account.shell.lowerBound)
    precondition(account.shell.upperBound == input.count - 1 && account.name.isExactly(input.extracting(0..<account.name.count)))
  }
  if let group = GroupLine(input) { precondition(UIDRange.isPossible(group.gid)) }
  if let rules = CandidateRules(input) {
    precondition(rules.group > 0 && input[rules.homeRoot.lowerBound] == 47 && input[rules.shell.lowerBound] == 47)
    for text in ["a", "alice", "deploy-1", "_"] {
      guard let name = AccountName(text) else { preconditionFailure() }
      _ = rules.admits(name, input)
      precondition(rules.range.contains(rules.range.start(of: name)))
    }
    _ = rules.serves(input.extracting(rules.shell), input)
  }
  var members = MemberLine()
  for i in 0..<input.count {
    if case .gid(let gid) = members.take(input[i]) { precondition(gid > 0) }
  }
  return 0
}
