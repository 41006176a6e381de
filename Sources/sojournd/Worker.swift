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
  private var finished: (Outcome) -> Void
  /// What it is still to be told; nil: it was started with all that it needs.
  private var input: FileDescriptor?

  static let cap = 1 << 20

  /// Starts it; `finished` is called once, from the loop, also if it cannot be started.
  static func start(_ loop: EventLoop, _ path: String, _ arguments: [String], milliseconds: Int64, finished: @escaping (Outcome) -> Void) {
    do throws(SystemError) {
      try Worker(loop, path, arguments, finished).begin(milliseconds)
    } catch {
      loop.after(0) { finished(Outcome(status: nil, output: [], errors: Array(error.sentence.utf8))) }
    }
  }

  /// Starts one that waits for its question, for as long as it takes; `finished` is called if it ends without having got one.
  static func waiting(_ loop: EventLoop, _ path: String, _ arguments: [String], finished: @escaping (Outcome) -> Void) throws(SystemError) -> Worker {
    let questions = try Pipe.make()
    let worker = try Worker(loop, path, arguments, input: questions.reading.raw, finished)
    worker.input = questions.takeWriting()
    try worker.begin(nil)
    return worker
  }

  /// The one question of a worker that waits.
  /// - Parameter question: at most 64 KiB: so much a pipe takes without anybody reading it.
  /// - Returns: false if it cannot be asked any more, because it is about to be seen dead.
  func ask(_ question: [UInt8], milliseconds: Int64, finished: @escaping (Outcome) -> Void) -> Bool {
    guard question.count <= 65_536 else { return false }
    do throws(SystemError) { try input?.writeAll(question) } catch { return false }
    input = nil
    self.finished = finished
    timer = loop.after(milliseconds) { self.cut() }
    return true
  }

  /// Nobody will ask it.
  func dismiss() {
    finished = { _ in }
    input = nil
    cut()
  }

  private init(_ loop: EventLoop, _ path: String, _ arguments: [String], input: CInt = -1, _ finished: @escaping (Outcome) -> Void) throws(SystemError) {
    let out = try Pipe.make()
    let err = try Pipe.make()
    self.loop = loop
    self.finished = finished
    child = try ChildProcess.start(path, arguments, descriptors: [input, out.writing.raw, err.writing.raw])
    output = PipeReader(out.takeReading())
    errors = PipeReader(err.takeReading())
  }

  /// The loop's actions hold the worker until it has ended.
  /// - Parameter milliseconds: its time; nil: it is counted from its question on.
  private func begin(_ milliseconds: Int64?) throws(SystemError) {
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
    if let milliseconds { timer = loop.after(milliseconds) { self.cut() } }
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
