import ArgumentParser
import Configuration
import ConfigurationFile
import DaemonProtocol
import Encoding
import HostSystem
import Identity

struct Apply: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the configuration and make it hold.",
    discussion: """
      Reads /etc/sojourn/sojourn.toml and /etc/sojourn/sojourn.toml.d/*.toml. If anything is wrong, every fault is \
      listed with file and line, and nothing changes: what was published before goes on.
      """)

  @Flag(help: "Only check: publish nothing.")
  var check = false

  @Flag(help: .hidden)
  var fromDaemon = false

  @Flag(help: .hidden)
  var revocationsOnly = false

  func run() throws {
    try Terminal.requireRoot("sojourn apply")
    guard !revocationsOnly else { return try publishRevocations() }
    guard !check else { return show(read: try read()) }
    try publish()
    guard !fromDaemon else { return }
    tellDaemon()
  }

  /// The files as they are now, and all that is wrong with them said.
  private func read() throws -> (configuration: PublishedConfiguration, revocations: [UInt8]?) {
    let read = ConfigurationFiles.read()
    for problem in read.problems { Terminal.say(problem.line) }
    guard let configuration = read.configuration else {
      let count = read.errors.count
      Terminal.say("sojourn: \(count) \(count == 1 ? "fault" : "faults"); nothing was published")
      throw read.isUnreadable ? Exit.unreadable : Exit.refused
    }
    return (configuration, read.revocations)
  }

  private func show(read: (configuration: PublishedConfiguration, revocations: [UInt8]?)) {
    let state = Publication.isCurrent(read.configuration, revocations: read.revocations) ? "It is what is published." : "'sojourn apply' would publish it."
    Terminal.say("The configuration is right. \(state)")
  }

  /// Reads and publishes while nobody else does.
  private func publish() throws {
    let lock: PublicationLock
    do throws(Publication.Failure) { lock = try PublicationLock(seconds: 15) } catch { throw Apply.say(error) }
    let (configuration, revocations) = try read()
    do throws(Publication.Failure) { try Publication.publish(configuration, revocations: revocations) } catch { throw Apply.say(error) }
    _ = consume lock
  }

  /// For the daemon, when a list has changed: the configuration stays what it is.
  /// - Throws: exit status 1 with the reason said, if nobody can be let in any more.
  private func publishRevocations() throws {
    let reason: String?
    do throws(Publication.Failure) { reason = try RevocationFiles.publishAgain() } catch {
      _ = Apply.say(error)
      throw Exit.unreadable
    }
    guard let reason else { return }
    Terminal.say(Escape.sentence(reason, limit: 1024))
    throw Exit.refused
  }

  private static func say(_ failure: Publication.Failure) -> any Error {
    switch failure {
    case .notEncodable: Terminal.say("sojourn: the configuration is too large to be published")
    case .busy(let seconds):
      Terminal.say("sojourn: another 'sojourn apply' has been reading and publishing for \(seconds) s; nothing was published, try again when it has ended")
    case .notWritten(let path, let reason): Terminal.say("sojourn: \(path) cannot be written: \(reason.sentence)")
    }
    return Exit.refused
  }

  /// What is published holds for the next login in any case; the daemon only has to know.
  private func tellDaemon() {
    do throws(DaemonSilence) {
      let reply = try DaemonClient.ask(.reload, milliseconds: 5000)
      if case .failed(let reason) = reply {
        Terminal.say("Published, but sojournd says: " + Escape.sentence(reason))
      } else {
        Terminal.say("Published, and sojournd knows.")
      }
    } catch {
      Terminal.say("Published. \(Daemon.sentence(error)); it reads the configuration when it starts.")
    }
  }
}
