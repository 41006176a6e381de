/// The own group of a published account (group(5)); the account is in it by its primary gid, so no member is listed:
///
///     name:*:gid:\n
public struct GroupLine: Sendable {
  public let name: AccountName
  public let gid: UInt32

  /// nil if the line is not of this form, whole, with its newline.
  public init?(_ line: borrowing Span<UInt8>) {
    guard line.count <= PasswdLine.cap, let fields: InlineArray<4, Range<Int>> = ColonFields.split(line),
      let name = AccountName(line.extracting(fields[0])), ColonFields.isLocked(line, fields[1]),
      let gid = Decimal.read(line, fields[2]), UIDRange.isPossible(gid), fields[3].isEmpty
    else { return nil }
    self.name = name
    self.gid = gid
  }
}
