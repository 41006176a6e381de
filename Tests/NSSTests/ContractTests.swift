import Testing

/// glibc's contract with a source of names (nss(5), nss/getXXbyYY_r.c), asked of the built library itself.
@Suite struct ContractTests {
  @Test func answersInEveryBufferThatIsLargeEnoughAndWritesToNoOther() throws {
    #expect(try Driver.checks("buffers").made > 5000)
  }

  @Test func isNobodyForNamesAndNumbersThatCannotBeOurs() throws {
    #expect(try Driver.checks("names").made > 300)
  }

  @Test func believesNoDamagedLine() throws {
    #expect(try Driver.checks("damage").made > 300_000)
  }

  @Test func believesNothingThatIsNotRootsRegularFile() throws {
    #expect(try Driver.checks("file-kinds").made > 400)
  }

  @Test func listsEveryLeaseOnceWhateverTheBuffer() throws {
    #expect(try Driver.checks("enumeration").made > 40_000)
  }

  @Test func neverMixesTwoVersionsWhileFilesAreReplaced() throws {
    #expect(try Driver.checks("replacement").made > 10_000)
  }

  @Test func growsTheGroupArrayAsGlibcPrescribes() throws {
    #expect(try Driver.checks("group-arrays").made > 6000)
  }

  @Test func addsGroupsToAnotherSourcesAccountAndAnswersNothingElseOfIt() throws {
    #expect(try Driver.checks("local-members").made > 12)
  }

  @Test func usesNoHeapButTheCallersGroupArray() throws {
    #expect(try Driver.checks("heap").made == 3)
  }

  @Test func leavesNoDescriptorAndTakesNoStandardStream() throws {
    #expect(try Driver.checks("descriptors").made > 6000)
  }

  @Test func answersThroughGlibcAsAnyOtherSource() throws {
    #expect(try Driver.checks("through-glibc").made > 15)
  }

  @Test func listsTenThousandLeases() throws {
    let (made, report) = try Driver.checks("benchmark")
    #expect(made == 1)
    print(report)
  }
}
