import Foundation
import Glibc

/// An HTTP server on loopback that answers every question with the same body, one connection at a time.
final class BentPolicy: @unchecked Sendable {
  private let lock = NSLock()
  private var answer = #"{"decision":true,"context":{"host_grant":{"groups":[],"max_session_seconds":600}}}"#
  private var count = 0
  private var isOver = false
  private let done = DispatchSemaphore(value: 0)
  let port: UInt16

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(listener, generic, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, generic, &length) == 0
      }
    }
    guard listener >= 0, isBound else { throw Stage.Failure(description: "no loopback") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in
      while !lock.withLock({ isOver }) {
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 100) > 0 else { continue }
        let peer = accept(listener, nil, nil)
        if peer >= 0 { serve(peer) }
      }
      close(listener)
      done.signal()
    }
  }

  private func serve(_ peer: Int32) {
    defer { close(peer) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while !isWhole(bytes) {
      var waiting = pollfd(fd: peer, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 2000) > 0 else { return }
      let got = recv(peer, &buffer, buffer.count, 0)
      guard got > 0 else { return }
      bytes += buffer.prefix(got)
    }
    let body = lock.withLock {
      count += 1
      return answer
    }
    let text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n" + body
    _ = text.withCString { send(peer, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
  }

  /// Headers, and as much of a body as they promise.
  private func isWhole(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return false }
    let lengths = text[..<end.lowerBound].split(separator: "\r\n").compactMap { line -> Int? in
      line.lowercased().hasPrefix("content-length:") ? Int(line.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) : nil
    }
    return text[end.upperBound...].utf8.count >= (lengths.first ?? 0)
  }

  func answers(_ body: String) { lock.withLock { answer = body } }
  func takeCount() -> Int {
    lock.withLock {
      defer { count = 0 }
      return count
    }
  }
  func stop() {
    lock.withLock { isOver = true }
    done.wait()
    done.signal()  // who stops it again need not wait
  }
}
