import Configuration
import Foundation
import HostSystem

/// nghttpx (nghttp2) before an endpoint: HTTP/2 over TLS, or a unix socket.
final class FrontDoor {
  let port: UInt16
  /// For one that is a unix socket.
  let socket: String
  private let workshop: Workshop
  private let child: ChildProcess

  /// - Parameter pair: the door's certificate; none: a unix socket.
  init(before endpoint: EndpointProcess, _ pair: Authority.Pair? = nil, clients: Authority? = nil) throws {
    workshop = try Workshop()
    let (fd, port) = try Loopback.bound()
    close(fd)
    self.port = port
    socket = workshop.file("door.sock")
    var options = ["--conf=/dev/null", "--workers=1", "--backend=127.0.0.1,\(endpoint.port)", "--accesslog-file=\(workshop.file("access"))",
      "--accesslog-format=$remote_port $alpn $status", "--errorlog-file=\(workshop.file("errors"))"]
    if let pair {
      options += ["--frontend=127.0.0.1,\(port)"]
      if let clients { options += ["--verify-client", "--verify-client-cacert=\(clients.certificate)"] }
      options += [pair.key, pair.certificate]
    } else {
      options += ["--frontend=unix:\(socket);no-tls"]
    }
    child = try ChildProcess.start("/usr/sbin/nghttpx", options)
    for _ in 0..<500 {
      if pair == nil ? Files.exists(socket) : (try? Loopback.exchange(port: port, method: "GET", path: "/", body: "")) != nil { break }
      guard child.exitStatus() == nil else { throw Broken("nghttpx does not run: \((try? String(contentsOfFile: workshop.file("errors"), encoding: .utf8)) ?? "")") }
      Pause.milliseconds(10)
    }
  }

  deinit {
    child.signal(.kill)
    while child.exitStatus() == nil { Pause.milliseconds(5) }
  }

  func endpoint(host: String) -> PolicyEndpoint { PolicyEndpoint(url: "https://\(host):\(port)/access/v1/evaluation", host: host, port: port, isLiteral: false) }

  /// For each request the client's port, the protocol and the status.
  func requests() throws -> [[String]] {
    try String(contentsOfFile: workshop.file("access"), encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 3 }
  }
}
