import Foundation
import Testing

import HostSystem

@Suite struct SeqpacketSocketTests {
  let path = FileManager.default.temporaryDirectory.path + "/sojourn-socket-\(UInt64.random(in: 0 ... .max))"

  @Test func carriesWholeMessagesAndKnowsItsPeer() throws {
    let listener = try SeqpacketSocket.listen(at: path)
    defer { unlink(path) }
    #expect(try Files.facts(path).permissions == 0o600)
    #expect(throws: SystemError.self) { _ = try listener.accept().raw }
    let client = try SeqpacketSocket.connect(toRootAt: path, milliseconds: 500)
    let server = SeqpacketSocket(try listener.accept())
    #expect(try server.peer().pid == getpid() && server.peer().uid == 0)
    try client.send([1, 2, 3])
    try client.send([4])
    #expect(try server.receive(cap: 10) == [1, 2, 3])
    #expect(try server.receive(cap: 10) == [4])
    try client.send([UInt8](repeating: 7, count: 11))
    do throws(SystemError) {
      _ = try server.receive(cap: 10)
      #expect(Bool(false), "a cut message was believed")
    } catch { #expect(error.code == EMSGSIZE) }
    let gone = server.isHungUp
    #expect(!gone)
    let begin = ContinuousClock.now
    do throws(SystemError) {
      _ = try client.receive(cap: 10)
      #expect(Bool(false))
    } catch { #expect(error.isWouldBlock) }
    #expect(ContinuousClock.now - begin < .seconds(3))
  }

  @Test func seesThatThePeerIsGone() throws {
    let listener = try SeqpacketSocket.listen(at: path)
    defer { unlink(path) }
    let client = try SeqpacketSocket.connect(toRootAt: path, milliseconds: 500)
    let server = SeqpacketSocket(try listener.accept())
    let before = server.isHungUp
    shutdown(client.descriptor.raw, Int32(SHUT_RDWR))
    let after = server.isHungUp
    #expect(!before && after)
    #expect(throws: SystemError.self) { try server.receive(cap: 10) }
  }

  /// A daemon that hangs may not hang every login with it.
  @Test func doesNotWaitLongForAListenerWhoseQueueIsFull() throws {
    let listener = try SeqpacketSocket.listen(at: path)
    defer { unlink(path) }
    var refused: SystemError?
    var held: [Int32] = []
    defer { for descriptor in held { close(descriptor) } }
    let begin = ContinuousClock.now
    for _ in 0..<400 {
      do throws(SystemError) {
        let client = try SeqpacketSocket.connect(toRootAt: path, milliseconds: 200)
        held.append(dup(client.descriptor.raw))
      } catch {
        refused = error
        break
      }
    }
    #expect(refused?.isWouldBlock == true)
    #expect(ContinuousClock.now - begin < .seconds(5))
    _ = try listener.accept().raw
  }

  @Test func refusesAPeerThatIsNotRoot() throws {
    let script = "import socket,os,time; os.setuid(1); s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET); s.bind('\(path)'); os.chmod('\(path)',0o777); s.listen(4); print('up',flush=True); time.sleep(20)"
    let server = try ChildProcess.start("/usr/bin/python3", ["-c", script])
    defer {
      server.signal(.kill)
      unlink(path)
    }
    for _ in 0..<300 where !Files.exists(path) { Pause.milliseconds(10) }
    Pause.milliseconds(100)
    do throws(SystemError) {
      _ = try SeqpacketSocket.connect(toRootAt: path, milliseconds: 500).descriptor.raw
      #expect(Bool(false), "believed a socket of uid 1")
    } catch { #expect(error.code == EPERM, "\(error.sentence)") }
  }
}
