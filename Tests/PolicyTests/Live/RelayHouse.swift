import Foundation
import HostSystem
import Testing

/// Which way a question goes.
enum Route: CaseIterable, CustomTestStringConvertible {
  case direct, relay
  var testDescription: String { self == .direct ? "directly" : "through the relay" }
}

/// The relay, in a process of its own, at a socket of the test's.
final class RelayHouse {
  let socket: String
  let pid: Int32
  private let workshop: Workshop
  private let child: ChildProcess
  private var hasEnded = false

  init(_ probe: Probe) throws {
    workshop = try Workshop()
    try probe.publish(in: workshop)
    socket = workshop.file("policy.sock")
    // Its words go to a file: a shell opens it, and becomes the relay.
    child = try ChildProcess.start("/bin/sh", ["-c", "exec \"$@\" >\"$0\" 2>&1", workshop.file("log"), try Workshop.built("RelayProbe"),
      workshop.file("config.json"), workshop.file("addresses.json"), socket], environment: probe.environment)
    pid = child.pid
    for _ in 0..<1000 {
      if let there = try? SeqpacketSocket.connect(toRootAt: socket, milliseconds: 1000), !there.isHungUp { break }
      guard child.exitStatus() == nil else {
        hasEnded = true
        throw Broken("the relay does not run: \(log)")
      }
      Pause.milliseconds(10)
    }
  }

  deinit {
    guard !hasEnded else { return }
    child.signal(.kill)
    while child.exitStatus() == nil { Pause.milliseconds(5) }
  }

  /// Kills it, and sees that it is gone.
  func kill() {
    child.signal(.kill)
    while child.exitStatus() == nil { Pause.milliseconds(5) }
    hasEnded = true
  }

  /// Asks it to go when it is done; its exit status, or nil if it has not gone in ten seconds.
  func finish() -> Int32? {
    child.signal(.terminate)
    for _ in 0..<1000 {
      if let status = child.exitStatus() {
        hasEnded = true
        return status
      }
      Pause.milliseconds(10)
    }
    return nil
  }

  /// All that it said.
  var log: String { (try? String(contentsOfFile: workshop.file("log"), encoding: .utf8)) ?? "" }

  func publish(_ probe: Probe) throws { try probe.publish(in: workshop) }
}
