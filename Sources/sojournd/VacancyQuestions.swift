import Events
import HostSystem
import Identity

/// Asks the host's other sources of names, each question in a process of its own with a time limit: a source may hang, this
/// loop may not. Starting such a process and loading the sources into it takes longer than the answer does, so one that has
/// done both waits for the next login. It has asked nothing before its question, so what it says is as young as any other's.
final class VacancyQuestions {
  /// Milliseconds that the sources have for their answers.
  static let limit: Int64 = 5000
  /// Milliseconds after a question until the next process is made ready: not while the login that asked is under way.
  private static let rest: Int64 = 50
  /// A process that nobody needed is replaced after that many milliseconds: a source that was installed anew meanwhile is loaded anew.
  private static let shelfLife: Int64 = 600_000

  private let loop: EventLoop
  private var ready: (worker: Worker, files: [FileStamp?])?
  private var timer: UInt64?

  init(_ loop: EventLoop) { self.loop = loop }

  /// - Parameters:
  ///   - words: as the program `vacancy` takes them.
  ///   - finished: is called once, from the loop.
  func ask(_ words: [String], finished: @escaping (Worker.Outcome) -> Void) {
    let waiting = ready
    ready = nil
    prepare(after: VacancyQuestions.rest)
    // The program that was there before an upgrade is not asked any more, and neither is one with the libraries of that time: what it
    // could not load now would seem to be a source without names.
    let question = Array(words.joined(separator: "\0").utf8)
    if let waiting, VacancyQuestions.files() == waiting.files,
      waiting.worker.ask(question, milliseconds: VacancyQuestions.limit, finished: finished) { return }
    waiting?.worker.dismiss()
    Worker.start(loop, Places.vacancy, words, milliseconds: VacancyQuestions.limit, finished: finished)
  }

  /// Each call puts it off: while logins come one upon the other, none of them waits for it.
  func prepare(after milliseconds: Int64 = 0) {
    if let timer { loop.cancel(timer) }
    timer = loop.after(milliseconds) { [weak self] in self?.makeReady() }
  }

  private func makeReady() {
    ready?.worker.dismiss()
    ready = nil
    timer = loop.after(VacancyQuestions.shelfLife) { [weak self] in self?.makeReady() }
    let files = VacancyQuestions.files()
    // One that cannot be started, or that ends by itself, is not missed: the next question starts its own.
    let worker = try? Worker.waiting(loop, Places.vacancy, ["wait"]) { [weak self] _ in self?.ready = nil }
    if let worker { ready = (worker, files) }
  }

  private static func files() -> [FileStamp?] { [Places.vacancy, "/etc/ld.so.cache", "/etc/nsswitch.conf"].map { (try? Files.facts($0))?.stamp } }
}
