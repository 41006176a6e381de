import Testing

import Encoding

@Suite struct AddressTests {
  @Test(arguments: ["127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "fe80::1:2"])
  func takesWhatHasOneReading(_ text: String) { #expect(IPAddress(text.utf8) != nil) }

  @Test(arguments: ["", "1", "127.1", "127.0.0.1.", "127.0.0.01", "0177.0.0.1", "0x7f.0.0.1", "256.0.0.1", "1.2.3.4.5", " 127.0.0.1", "127.0.0.1 ", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "[::1]", "::12345", "::1.2.3", "localhost", "1:2:3:4:5:6:7:8::"])
  func takesNothingElse(_ text: String) { #expect(IPAddress(text.utf8) == nil) }

  @Test func seesAMappedAddressAsWhatItStandsFor() {
    #expect(IPAddress("::ffff:10.0.0.1".utf8)?.unmapped.bytes == [10, 0, 0, 1])
    #expect(IPAddress("::fffe:10.0.0.1".utf8)?.unmapped.isIPv6 == true)
    #expect(IPAddress("10.0.0.1".utf8)?.unmapped.bytes == [10, 0, 0, 1])
  }

  @Test(arguments: ["10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1/128", "2001:db8:8000::/33"])
  func takesRanges(_ text: String) { #expect(AddressRange(text.utf8) != nil) }

  @Test(arguments: ["10.0.0.1/8", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::1/0", "::/129", "10.0.0.0/255.0.0.0", "10.0.0.0/8 ",
    "2001:db8:8000::/32", "10.0.0.0/4294967304"])
  func refusesRangesThatSshdRefusesToo(_ text: String) { #expect(AddressRange(text.utf8) == nil) }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/9", "10.128.0.0", false), ("10.0.0.0/9", "10.127.255.255", true), ("0.0.0.0/0", "1.2.3.4", true),
    ("0.0.0.0/0", "::1", false), ("::/0", "1.2.3.4", false), ("::/0", "2001::", true), ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.1.2.2", false),
    ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
  ]) func tellsWhoIsIn(_ range: String, _ address: String, _ isIn: Bool) throws {
    let range = try #require(AddressRange(range.utf8)), address = try #require(IPAddress(address.utf8))
    #expect(range.contains(address) == isIn)
  }

  @Test func aListIsGoodOnlyAsAWhole() {
    #expect(AddressRange.list("10.0.0.0/8,::1".utf8)?.count == 2)
    for text in ["", ",", "10.0.0.0/8,", ",::1", "10.0.0.0/8, ::1", "10.0.0.0/8,x"] { #expect(AddressRange.list(text.utf8) == nil, "\(text)") }
  }
}
