import Events
import HostSystem

/// A child process of the loop's: its output is collected, its end is an event, and its time is limited.
final class Worker {
  struct Outcome {
    /// nil if it was cut off or could not be started.
    let status: Int32?
    let output: [UInt8]
    let errors: [UInt8]
  }

  private let loop: EventLoop
  private let child: ChildProcess
  private var output: PipeReader
  private var errors: PipeReader
  private var timer: UInt64 = 0
  private var cutOff = false
  private let finished: (Outcome) -> Void

  static let cap = 1 << 20

  /// Starts it; `finished` is called once, from the loop, also if it cannot be started.
  static func start(_ loop: EventLoop, _ path: String, _ arguments: [String], milliseconds: Int64, finished: @escaping (Outcome) -> Void) {
    do throws(SystemError) {
      try Worker(loop, path, arguments, finished).begin(milliseconds)
    } catch {
      loop.after(0) { finished(Outcome(status: nil, output: [], errors: Array(error.sentence.utf8))) }
    }
  }

  private init(_ loop: EventLoop, _ path: String, _ arguments: [String], _ finished: @escaping (Outcome) -> Void) throws(SystemError) {
    let out = try Pipe.make()
    let err = try Pipe.make()
    self.loop = loop
    self.finished = finished
    child = try ChildProcess.start(path, arguments, descriptors: [-1, out.writing.raw, err.writing.raw])
    output = PipeReader(out.takeReading())
    errors = PipeReader(err.takeReading())
  }

  /// The loop's actions hold the worker until it has ended.
  private func begin(_ milliseconds: Int64) throws(SystemError) {
    do throws(SystemError) {
      try loop.watch(output.descriptor()) { self.read() }
      try loop.watch(errors.descriptor()) { self.read() }
      try loop.watch(child.pidfd.raw) { self.hasEnded() }
    } catch {
      loop.unwatch(output.descriptor())
      loop.unwatch(errors.descriptor())
      child.signal(.kill)
      throw error
    }
    timer = loop.after(milliseconds) { self.cut() }
  }

  private func read() {
    let descriptors = (output.descriptor(), errors.descriptor())
    output.take()
    errors.take()
    if output.isAtEnd { loop.unwatch(descriptors.0) }
    if errors.isAtEnd { loop.unwatch(descriptors.1) }
    if output.bytes.count > Worker.cap || errors.bytes.count > Worker.cap { cut() }
  }

  private func cut() {
    cutOff = true
    child.signal(.kill)
  }

  private func hasEnded() {
    guard let status = child.exitStatus() else { return }
    read()
    loop.unwatch(child.pidfd.raw)
    loop.unwatch(output.descriptor())
    loop.unwatch(errors.descriptor())
    loop.cancel(timer)
    finished(Outcome(status: cutOff ? nil : status, output: output.bytes, errors: errors.bytes))
  }
}
