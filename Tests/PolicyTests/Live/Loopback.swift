import Configuration
import Foundation
import Glibc

/// TCP on 127.0.0.1, as bare as it comes.
enum Loopback {
  static func address(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  /// A socket that has a port and does not listen.
  static func bound() throws -> (fd: Int32, port: UInt16) {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { throw Broken("socket") }
    var address = address(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, size) == 0 && getsockname(fd, $0, &size) == 0 }
    }
    guard isBound else {
      close(fd)
      throw Broken("bind")
    }
    return (fd, UInt16(bigEndian: address.sin_port))
  }

  static func listening(backlog: Int32 = 64) throws -> (fd: Int32, port: UInt16) {
    let (fd, port) = try bound()
    guard listen(fd, backlog) == 0 else {
      close(fd)
      throw Broken("listen")
    }
    return (fd, port)
  }

  /// One HTTP request to a server that closes the connection after its answer; the answer's text.
  static func exchange(port: UInt16, method: String, path: String, body: String) throws -> String {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { throw Broken("socket") }
    defer { close(fd) }
    var address = address(port: port)
    let connected = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
    guard connected else { throw Broken("connect to \(port)") }
    try send(fd, "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".bytes)
    return String(decoding: receive(fd) { _ in false }, as: UTF8.self)
  }

  static func send(_ fd: Int32, _ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes { Glibc.send(fd, $0.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL)) }
      guard put > 0 else { throw Broken("send") }
      done += put
    }
  }

  /// Reads until the peer closes or `isWhole` says that it is enough.
  static func receive(_ fd: Int32, until isWhole: ([UInt8]) -> Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while !isWhole(bytes) {
      let got = recv(fd, &chunk, chunk.count, 0)
      guard got > 0 else { break }
      bytes.append(contentsOf: chunk.prefix(got))
    }
    return bytes
  }
}

/// Answers each connection with the next of its scripts, byte for byte, and closes it. `{id}` becomes the question's id.
final class RawServer: @unchecked Sendable {
  let port: UInt16
  private let fd: Int32
  private let scripts: [String]
  private let lock = NSLock()
  private var heard: [String] = []

  /// After the last script, the last one again.
  init(_ scripts: [String]) throws {
    (fd, port) = try Loopback.listening()
    self.scripts = scripts
    let listening = fd
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listening, nil, nil)
        guard connection >= 0 else { return }
        self?.serve(connection)
        close(connection)
      }
    }
  }

  deinit {
    shutdown(fd, Int32(SHUT_RDWR))
    close(fd)
  }

  /// By address, in the clear.
  var endpoint: PolicyEndpoint { PolicyEndpoint(url: "http://127.0.0.1:\(port)/x", host: "127.0.0.1", port: port, isLiteral: true) }

  /// Every request so far, whole.
  var requests: [String] { lock.withLock { heard } }

  private func serve(_ connection: Int32) {
    let request = String(decoding: Loopback.receive(connection, until: RawServer.isWhole), as: UTF8.self)
    let script = lock.withLock { () -> String in
      heard.append(request)
      return scripts[min(heard.count, scripts.count) - 1]
    }
    try? Loopback.send(connection, script.replacingOccurrences(of: "{id}", with: RawServer.header("X-Request-ID", of: request) ?? "").bytes)
    // The client's side is read to its end first, or closing would reset the connection under the answer.
    shutdown(connection, Int32(SHUT_WR))
    _ = Loopback.receive(connection) { _ in false }
  }

  static func header(_ name: String, of request: String) -> String? {
    for line in request.components(separatedBy: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ":") {
      return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }
    return nil
  }

  static func isWhole(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n"), let length = Int(header("Content-Length", of: text) ?? "0") else { return false }
    return text[end.upperBound...].utf8.count >= length
  }
}

/// Answers the first question on each connection, and a little later says something more that nobody asked for.
final class LateServer: @unchecked Sendable {
  let port: UInt16
  private let fd: Int32

  init(first: String, late: String) throws {
    (fd, port) = try Loopback.listening()
    let listening = fd
    Thread.detachNewThread {
      while true {
        let connection = accept(listening, nil, nil)
        guard connection >= 0 else { return }
        Thread.detachNewThread {
          let request = String(decoding: Loopback.receive(connection, until: RawServer.isWhole), as: UTF8.self)
          let id = RawServer.header("X-Request-ID", of: request) ?? ""
          try? Loopback.send(connection, first.replacingOccurrences(of: "{id}", with: id).bytes)
          usleep(50_000)
          try? Loopback.send(connection, late.replacingOccurrences(of: "{id}", with: id).bytes)
          _ = Loopback.receive(connection) { _ in false }
          close(connection)
        }
      }
    }
  }

  deinit {
    shutdown(fd, Int32(SHUT_RDWR))
    close(fd)
  }

  /// By address, in the clear.
  var endpoint: PolicyEndpoint { PolicyEndpoint(url: "http://127.0.0.1:\(port)/x", host: "127.0.0.1", port: port, isLiteral: true) }
}
