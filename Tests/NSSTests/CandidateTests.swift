import Testing

/// DESIGN 3.1 and 4: who hears of names without a lease, and what (THREATS T1, T9, T17).
@Suite struct CandidateTests {
  @Test func showsCandidatesToThePublishedProgramsOfRootAlone() throws {
    #expect(try Driver.checks("candidates").made > 1000)
  }

  @Test func believesNoDamagedRules() throws {
    #expect(try Driver.checks("candidate-damage").made > 5000)
  }
}
