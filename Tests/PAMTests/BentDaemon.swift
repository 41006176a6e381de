import DaemonProtocol
import Foundation
import HostSystem

/// What listens where sojournd would, speaks its protocol, and answers as a test wants. It writes down what it was asked.
final class BentDaemon: @unchecked Sendable {
  private let lock = NSLock()
  private var heard: [Request] = []
  private var answer: @Sendable (Request) -> Reply?
  private var isOver = false
  private let done = DispatchSemaphore(value: 0)

  /// Opens whatever is asked for, except for a name that is a group here, as the vacancy check would; bob is in.
  static let willing: @Sendable (Request) -> Reply? = { request in
    switch request {
    case .open(let open) where open.name == "deploy": .refused(.nameOfOther, detail: "deploy is a group")
    case .open(let open): .opened(Opened(session: "1-\(open.name)", expires: Moment.now().unixSeconds + open.seconds, notes: []))
    case .standing(let name, _): name == "bob" ? .done : .refused(.whichSession, detail: "nobody is in under that name")
    default: .done
    }
  }
  init(at path: String) throws {
    answer = BentDaemon.willing
    let socket = try SeqpacketSocket.listen(at: path)
    let raw = socket.descriptor.raw
    let copy = dup(raw)
    guard copy >= 0 else { throw Stage.Failure(description: "dup") }
    Thread.detachNewThread { [self] in
      let listener = SeqpacketSocket(FileDescriptor(owning: copy))
      while !lock.withLock({ isOver }) {
        var waiting = pollfd(fd: copy, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 100) > 0, let connection = try? listener.accept() else { continue }
        let peer = SeqpacketSocket(connection)
        waiting = pollfd(fd: peer.descriptor.raw, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 2000) > 0, let packet = try? peer.receive(cap: Request.cap), let request = try? Request(packet: packet) else { continue }
        let reply = lock.withLock {
          heard.append(request)
          return answer(request)
        }
        if let bytes = reply?.packet { try? peer.send(bytes) }
      }
      done.signal()
    }
  }

  func stop() {
    lock.withLock { isOver = true }
    done.wait()
  }

  /// nil from the answer: the connection is closed without a word.
  func answers(_ answer: @escaping @Sendable (Request) -> Reply?) { lock.withLock { self.answer = answer } }
  func takeRequests() -> [Request] {
    lock.withLock {
      defer { heard = [] }
      return heard
    }
  }
}
