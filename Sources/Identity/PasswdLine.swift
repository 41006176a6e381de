/// A published account, as places in its line (passwd(5)):
///
///     name:*:uid:uid:gecos:home:shell\n
///
/// An account and its own group have one number, so uid and gid must be equal.
public struct PasswdLine: Sendable {
  public let name: AccountName
  public let uid: UInt32
  public let gecos: Range<Int>
  public let home: Range<Int>
  public let shell: Range<Int>

  /// The longest line that is believed, in bytes.
  public static var cap: Int { 1024 }

  /// nil if the line is not of this form, whole, with its newline.
  public init?(_ line: borrowing Span<UInt8>) {
    guard line.count <= PasswdLine.cap, let fields: InlineArray<7, Range<Int>> = ColonFields.split(line),
      let name = AccountName(line.extracting(fields[0])), ColonFields.isLocked(line, fields[1]),
      let uid = Decimal.read(line, fields[2]), UIDRange.isPossible(uid), Decimal.read(line, fields[3]) == uid,
      ColonFields.isAbsolutePath(line, fields[5]), ColonFields.isAbsolutePath(line, fields[6])
    else { return nil }
    self.name = name
    self.uid = uid
    gecos = fields[4]
    home = fields[5]
    shell = fields[6]
  }
}
