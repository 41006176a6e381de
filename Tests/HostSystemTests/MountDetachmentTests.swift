import Foundation
import Testing

@testable import HostSystem

/// Only the very mount that the table named is detached, whatever its path leads to by now (THREATS T19).
@Suite struct MountDetachmentTests {
  private func refusal(_ mount: Mount) -> Int32? {
    do throws(SystemError) {
      try MountTable.detach(mount)
      return nil
    } catch { return error.code }
  }

  @Test func refusesAPointThatIsAnotherMountByNow() throws {
    let place = FileManager.default.temporaryDirectory.path + "/sojourn-mount-" + (try Random.hex(8))
    try Files.makeDirectory(place, mode: 0o755)
    defer { try? FileManager.default.removeItem(atPath: place) }
    func mount(_ point: String, id: String) throws -> Mount {
      try #require(MountTable.parse(Array("\(id) 1 0:52 / \(point) rw - fuse.x x rw,user_id=1".utf8)).first)
    }
    #expect(refusal(try mount(place, id: "0")) == ESTALE, "of another mount")
    try FileManager.default.createSymbolicLink(atPath: place + "/link", withDestinationPath: "/")
    #expect(refusal(try mount(place + "/link/proc", id: "0")) == ELOOP, "a link on the way")
    #expect(refusal(try mount(place + "/link", id: "0")) == ESTALE, "a link at its end is itself what was opened")
    #expect(refusal(try mount(place + "/missing", id: "0")) == ENOENT)
  }
}
