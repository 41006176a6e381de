import Accounts
import Audit
import Configuration
import Encoding
import HostSystem
import Identity

extension Daemon {
  /// Has the configuration read by the command line's parser, in a process of its own: a parser that crashes is a refused
  /// file and never a dead daemon (DESIGN 8). Then takes up what is published, or what was good last.
  func readConfiguration(then done: @escaping () -> Void) {
    Worker.start(loop, Places.commandLine, ["apply", "--from-daemon"], milliseconds: 20_000) { [weak self] outcome in
      guard let self else { return }
      if outcome.status == 0 {
        configurationProblem = nil
      } else {
        configurationProblem = outcome.errors.isEmpty ? "sojourn apply did not come to an end" : Escape.sentence(String(decoding: outcome.errors, as: UTF8.self), limit: 2000)
        record.note(.configuration, .error, "the configuration is faulty and not taken up: \(configurationProblem ?? "")")
        restoreLastGood()
      }
      takeUp()
      done()
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
      cleanHomes()
      resolveEndpoints()
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
      let root = try HomeRoot.open(rules.homeRoot)
      _ = try root.clean()
      for name in try root.homes() where leases[name.text] == nil && !openings.contains(where: { $0.name == name }) {
        takeDown(name)
        if let lease = leases[name.text] { beginEnd(of: lease) }
      }
    } catch {
      record.note(.configuration, .error, "the home root \(rules.homeRoot) cannot be used: \(error.sentence)")
    }
  }
}
