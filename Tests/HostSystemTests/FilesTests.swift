import Foundation
import Testing

import HostSystem

@Suite struct FilesTests {
  let place: String

  init() throws {
    place = FileManager.default.temporaryDirectory.path + "/sojourn-files-" + (try Random.hex(6))
    try Files.makeDirectory(place, mode: 0o755)
  }

  private func done() { try? FileManager.default.removeItem(atPath: place) }

  @Test func replacesAFileWholeOrNotAtAll() throws {
    defer { done() }
    let path = place + "/file"
    try Files.replace(path, with: [1, 2, 3], mode: 0o640, durable: true)
    try Files.replace(path, with: [4], mode: 0o600, durable: false)
    #expect(try Files.readTrusted(path, cap: 1) == [4])
    #expect(throws: SystemError.self) { try Files.readTrusted(path, cap: 0) }
    #expect(try Files.facts(path).permissions == 0o600)
    try Files.makeDirectory(place + "/directory", mode: 0o700)
    #expect(throws: SystemError.self) { try Files.replace(place + "/directory", with: [1], mode: 0o600, durable: false) }
    #expect(try Files.names(in: place).sorted() == ["directory", "file"])
    // A link that stands where the temporary file would is not followed.
    try Files.link(path + ".new", to: "/etc/passwd-of-a-test")
    try Files.replace(path, with: [5], mode: 0o600, durable: false)
    #expect(!Files.exists("/etc/passwd-of-a-test"))
  }

  @Test func believesOnlyRootsFilesThatNobodyElseWrites() throws {
    defer { done() }
    let path = place + "/file"
    try Files.replace(path, with: [1], mode: 0o664, durable: false)
    #expect(throws: SystemError.self) { try Files.readTrusted(path, cap: 10) }
    try Files.replace(path, with: [1], mode: 0o644, durable: false)
    chown(path, 1, 0)
    #expect(throws: SystemError.self) { try Files.readTrusted(path, cap: 10) }
    try Files.link(place + "/link", to: "/etc/passwd")
    #expect(throws: SystemError.self) { try Files.readTrusted(place + "/link", cap: 1 << 20) }
    mkfifo(place + "/pipe", 0o600)
    #expect(throws: SystemError.self) { try Files.readTrusted(place + "/pipe", cap: 10) }
    #expect(throws: SystemError.self) { try Files.readTrusted(place, cap: 10) }
  }

  @Test func anEntryIsANameWithoutASlash() throws {
    defer { done() }
    let directory = try FileDescriptor.open(place, .directory)
    for name in ["", ".", "..", "a/b", "/etc", "a\0b"] {
      let entry = DirectoryEntry(directory, name)
      #expect(entry == nil, "\(name)")
    }
    let odd = DirectoryEntry(directory, bytes: [0xff, 0xfe])
    #expect(odd != nil)
    let entry = DirectoryEntry(directory, "link")
    let link = try #require(entry)
    try link.makeLink(to: Array("/etc".utf8))
    #expect(throws: SystemError.self) { _ = try link.open(.directory).raw }
    #expect(throws: SystemError.self) { _ = try link.open(.file).raw }
    #expect(try link.facts().isLink)
    #expect(throws: SystemError.self) { try link.makeLink(to: [65, 0, 66]) }
    let name = DirectoryEntry(directory, bytes: [0xff])
    let made = try #require(name)
    _ = try made.create(mode: 0o600)
    #expect(throws: SystemError.self) { try made.move(to: link) }
    var seen: [[UInt8]] = []
    try DirectoryStream.each(FileDescriptor.open(place, .directory)) { seen.append($0); return true }
    #expect(Set(seen) == [[0xff], Array("link".utf8)])
    try made.remove()
    #expect(throws: SystemError.self) { try made.facts() }
  }

  @Test func aLockIsHeldByOne() throws {
    defer { done() }
    let path = place + "/lock"
    let lock = try FileLock(path)
    let stands = lock.stands(at: path)
    #expect(stands)
    do throws(SystemError) {
      _ = try FileLock(path)
      #expect(Bool(false), "two have it")
    } catch { #expect(error.isWouldBlock) }
    try Files.remove(path)
    let stood = lock.stands(at: path)
    let other = try FileLock(path)
    let (first, second) = (lock.stands(at: path), other.stands(at: path))
    #expect(!stood && !first && second)
  }
}
