internal import Configuration
internal import Encoding
internal import HostSystem
internal import Identity

/// The configuration that was read at the beginning of a phase: once, so that one login is judged by one configuration.
/// (A class, because it is large and only ever passed on: a module in other people's processes is to stay small.)
final class Published {
  let rules: PublishedConfiguration

  init(rules: PublishedConfiguration) { self.rules = rules }
}

/// Whether there is a configuration to go by.
enum ConfigurationState {
  case published(Published)
  case unavailable(ConfigurationUnavailable)

  static func read(_ world: some Surroundings) -> ConfigurationState {
    do throws(ConfigurationUnavailable) { return .published(Published(rules: try world.configuration())) } catch { return .unavailable(error) }
  }

  var accounts: AccountRules? {
    guard case .published(let configuration) = self else { return nil }
    return configuration.rules.accounts
  }

  @inline(never)
  func need() throws(Refusal) -> Published {
    switch self {
    case .published(let configuration): return configuration
    case .unavailable(let reason): throw Refusal(reason)
    }
  }
}

/// Whose account a name is on this host.
indirect enum Account {
  /// Sojourn's: a candidate or a lease.
  case ours(PasswordEntry)
  /// Another source's: root, local people, a directory's.
  case local(PasswordEntry)
  case unknown

  /// Two signs, either of which makes it ours: the uid lies in our range, or the shell is the gate. An account that looks
  /// ours and is not gets refused further on; one that is ours and looked local would come in without a decision.
  @inline(never)
  static func of(_ user: [UInt8], _ configuration: ConfigurationState, _ world: some Surroundings) throws(Refusal) -> Account {
    switch world.account(named: user) {
    case .unknown: return .unknown
    case .failed(let error): throw .lookupFailed(error.sentence)
    case .found(let entry):
      let isInRange = configuration.accounts?.range.contains(entry.uid) ?? false
      return isInRange || entry.shell.isExactly(Places.gateShell) ? .ours(entry) : .local(entry)
    }
  }
}
