import ArgumentParser
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

  func run() throws {
    try Terminal.requireRoot("sojourn apply")
    let read = ConfigurationFiles.read()
    for problem in read.problems { Terminal.say(problem.line) }
    guard let configuration = read.configuration else {
      let count = read.errors.count
      Terminal.say("sojourn: \(count) \(count == 1 ? "fault" : "faults"); nothing was published")
      throw read.isUnreadable ? Exit.unreadable : Exit.refused
    }
    guard !check else {
      let state = Publication.isCurrent(configuration) ? "It is what is published." : "'sojourn apply' would publish it."
      Terminal.say("The configuration is right. \(state)")
      return
    }
    do throws(Publication.Failure) { try Publication.publish(configuration) } catch {
      switch error {
      case .notEncodable: Terminal.say("sojourn: the configuration is too large to be published")
      case .notWritten(let path, let reason): Terminal.say("sojourn: \(path) cannot be written: \(reason.sentence)")
      }
      throw Exit.refused
    }
    guard !fromDaemon else { return }
    tellDaemon()
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
