import Accounts
import Audit
import Configuration
import Encoding
import Events
import HostSystem
import Identity

extension Daemon {
  /// Has the configuration read by the command line's parser, in a process of its own: a parser that crashes is a refused
  /// file and never a dead daemon (DESIGN 8). Then takes up what is published, or what was good last.
  func readConfiguration(then done: @escaping () -> Void) {
    // One reading at a time; who asks during one wants what the files say now, so for them it is read once more.
    guard configurationReaders == nil else { return nextConfigurationReaders.append(done) }
    configurationReaders = [done]
    readConfigurationOnce()
  }

  /// What `sojourn apply` wrote, a fault a line and a sum in the last, as one line: the faults.
  private static func told(_ errors: [UInt8]) -> String {
    let lines = errors.split(separator: 10).map { Escape.sentence(String(decoding: $0, as: UTF8.self), limit: 500) }
    return (lines.count > 1 ? Array(lines.dropLast()) : lines).prefix(8).joined(separator: "; ")
  }

  private func readConfigurationOnce() {
    Worker.start(loop, Places.commandLine, ["apply", "--from-daemon"], milliseconds: 20_000) { [weak self] outcome in
      guard let self else { return }
      if outcome.status == 0 {
        configurationProblem = nil
      } else {
        configurationProblem = outcome.errors.isEmpty ? "sojourn apply did not come to an end" : Daemon.told(outcome.errors)
        record.note(.configuration, .error, "the configuration is faulty and not taken up: \(configurationProblem ?? "")")
        restoreLastGood()
      }
      takeUp()
      let readers = configurationReaders ?? []
      configurationReaders = nil
      if !nextConfigurationReaders.isEmpty {
        configurationReaders = nextConfigurationReaders
        nextConfigurationReaders = []
        readConfigurationOnce()
      }
      for done in readers { done() }
    }
  }

  /// After a boot with a faulty file nothing is published yet: the last good configuration is, and it is said.
  private func restoreLastGood() {
    guard !Files.exists(Places.publishedConfiguration), let bytes = try? Files.readTrusted(Places.lastGoodConfiguration, cap: PublishedConfiguration.cap) else { return }
    guard (try? PublishedConfiguration.parse(bytes)) != nil else { return }
    do throws(SystemError) {
      try Files.replace(Places.publishedConfiguration, with: bytes, mode: 0o600, durable: false)
      record.note(.configuration, .warning, "the last good configuration is used")
    } catch {
      record.note(.configuration, .error, "the last good configuration cannot be published: \(error.sentence)")
    }
  }

  /// The published file, removed under us, is written again from what is in force.
  func publishConfigurationAgain() {
    guard let configuration, !Files.exists(Places.publishedConfiguration), let text = configuration.json.text(sorted: true) else { return }
    try? Files.replace(Places.publishedConfiguration, with: text, mode: 0o600, durable: false)
  }

  private func takeUp() {
    do throws(ConfigurationUnavailable) {
      configuration = try PublishedConfiguration.current()
      revocations.stamps = nil
      cleanHomes()
      resolveEndpoints()
      renewRelay()
      rescheduleAsking()
    } catch {
      switch error {
      case .neverPublished, .notThisBoot: configurationProblem = configurationProblem ?? "nothing was published yet: run sojourn apply"
      case .unusable(let why): configurationProblem = "the published configuration is unusable: \(why)"
      }
    }
  }

  /// The home root is made and marked; homes and halves of homes without a lease go.
  private func cleanHomes() {
    guard let rules = configuration?.accounts else { return }
    do throws(SystemError) {
      let root = try HomeRoot.establish(rules.homeRoot)
      let report = try root.clean()
      for text in report.left { record.note(.endFailed, .warning, "left of a home that was not made to its end: \(Escape.visible(text))") }
      var abandoned: [(AccountName, UInt32?)] = []
      for name in try root.homes() where leases[name.text] == nil { abandoned.append((name, try root.owner(of: name))) }
      for uid in try root.unfinished() {
        if case .name(let name) = try registry.holder(of: uid), leases[name.text] == nil { abandoned.append((name, uid)) }
      }
      for (name, uid) in abandoned where leases[name.text] == nil {
        takeDown(name, uid: uid, homeRoot: rules.homeRoot)
        if let lease = leases[name.text] { beginEnd(of: lease) }
      }
    } catch {
      record.note(.configuration, .error, "the home root \(rules.homeRoot) cannot be used: \(error.sentence)")
    }
  }
}
