internal import Encoding

/// A list of revoked keys as text: `type base64 comment`, a key a line (sshd_config(5), RevokedKeys). Empty lines and lines
/// that begin with `#` say nothing; every other line that is no key makes the whole list a fault.
enum KeyLines {
  static func read(_ text: borrowing Span<UInt8>, into entries: inout RevocationEntries) throws(RevocationFault) {
    var begin = 0
    var number = 0
    while begin < text.count {
      var end = begin
      while end < text.count, text[end] != 10 { end += 1 }
      number += 1
      try line(text, begin..<end, number, &entries)
      begin = end + 1
    }
  }

  private static func line(_ text: borrowing Span<UInt8>, _ range: Range<Int>, _ number: Int, _ entries: inout RevocationEntries) throws(RevocationFault) {
    var rest = range
    let type = word(text, &rest)
    guard let first = type.first, text[first] != 35 else { return }
    let base64 = word(text, &rest)
    guard !base64.isEmpty, let blob = Base64.decode(text, base64), KeyBlob.typeName(blob).elementsEqual(text.copy(type)) else {
      throw RevocationFault("line \(number) is no public key: expected 'type base64 comment', without options before it")
    }
    // Who lists a certificate means its key, as sshd does (sshkey_equal_public).
    let key = ShownCertificate.isCertificateType(text.copy(type)) ? PlainForm.ofCertificate(blob) : blob
    guard let key, PlainForm.mayBeKey(key) else { throw RevocationFault("line \(number) is a damaged public key, or of a type that is not known") }
    try entries.add(key: key)
  }

  /// The next word between blanks, which is taken off the rest.
  private static func word(_ text: borrowing Span<UInt8>, _ rest: inout Range<Int>) -> Range<Int> {
    var begin = rest.lowerBound
    while begin < rest.upperBound, isBlank(text[begin]) { begin += 1 }
    var end = begin
    while end < rest.upperBound, !isBlank(text[end]) { end += 1 }
    rest = end..<rest.upperBound
    return begin..<end
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
}

extension RevocationEntries {
  /// The largest list that is read, in bytes.
  public static var listCap: Int { 64 << 20 }

  /// Takes one list over, a KRL or lines of keys. After a fault the entries are of no use.
  public mutating func add(list bytes: [UInt8]) throws(RevocationFault) {
    guard bytes.count <= RevocationEntries.listCap else { throw RevocationFault("it is longer than \(RevocationEntries.listCap) bytes") }
    // Nothing is what a full disk leaves of a list.
    guard !bytes.isEmpty else { throw RevocationFault("it is empty; a list of nothing is one line that begins with '#', or what 'ssh-keygen -k' makes") }
    if KeyRevocationList.isOne(bytes.span) {
      try KeyRevocationList.read(bytes.span, into: &self)
    } else {
      try KeyLines.read(bytes.span, into: &self)
    }
  }
}
