extension Finding {
  /// What a finding is of. The raw value is its id, which never changes its meaning; docs/check.md lists them all.
  public enum Kind: String, Sendable, CaseIterable {
    // configuration
    case configuration
    case published
    case host
    case setup
    case revocationList = "revocation-list"
    case authorityKey = "authority-key"
    // installation
    case modulePam = "module-pam"
    case moduleNss = "module-nss"
    case moduleLoad = "module-load"
    case helper
    case gateShell = "gate-shell"
    case group
    case version
    case versionDaemon = "version-daemon"
    case versionMapped = "version-mapped"
    // files
    case state
    case configurationFile = "configuration-file"
    case homeRoot = "home-root"
    case space
    // accounts
    case uidMap = "uid-map"
    case standingRights = "standing-rights"
    case uidRegistry = "uid-registry"
    case leftover
    case leftoverLease = "leftover-lease"
    case leftoverName = "leftover-name"
    case leftoverHome = "leftover-home"
    case auditSpool = "audit-spool"
    case strays
    case quarantine
    // names
    case nsswitch
    case nsswitchPasswd = "nsswitch-passwd"
    case nsswitchGroup = "nsswitch-group"
    case nsswitchInitgroups = "nsswitch-initgroups"
    case nscd
    case nscdPasswd = "nscd-passwd"
    case nscdGroup = "nscd-group"
    // pam
    case pamAccount = "pam-account"
    case pamSession = "pam-session"
    case pamSessionOrder = "pam-session-order"
    case pamTwice = "pam-twice"
    case pamLoginuid = "pam-loginuid"
    case pamEnvOrder = "pam-env-order"
    case pamFaillock = "pam-faillock"
    case pamAccess = "pam-access"
    case pamMkhomedir = "pam-mkhomedir"
    case pamOption = "pam-option"
    case pamLocalExempt = "pam-local-exempt"
    case pamLocalLines = "pam-local-lines"
    case pamLocalCommon = "pam-local-common"
    case pamProfile = "pam-profile"
    case pamBlock = "pam-block"
    case loginLines = "login-lines"
    case loginTimeout = "login-timeout"
    case sudoUndecided = "sudo-undecided"
    case sudoRule = "sudo-rule"
    // sshd
    case sshd
    case sshdConfiguration = "sshd-configuration"
    case sshdOptions = "sshd-options"
    case sshdApart = "sshd-apart"
    case sshdUsepam = "sshd-usepam"
    case sshdAuthorities = "sshd-authorities"
    case sshdBreakGlass = "sshd-break-glass"
    case sshdAuthorizedKeys = "sshd-authorized-keys"
    case sshdPublickey = "sshd-publickey"
    case sshdPrincipals = "sshd-principals"
    case sshdRevokedKeys = "sshd-revoked-keys"
    case sshdChroot = "sshd-chroot"
    case sshdAllowgroups = "sshd-allowgroups"
    case sshdDenygroups = "sshd-denygroups"
    case sshdAllowusers = "sshd-allowusers"
    case sshdDenyusers = "sshd-denyusers"
    case sshdUsedns = "sshd-usedns"
    case sshdPasswords = "sshd-passwords"
    case sshdKeyboardInteractive = "sshd-keyboard-interactive"
    case sshdPenalties = "sshd-penalties"
    case sshdStartups = "sshd-startups"
    // policy
    case endpoint
    case endpointAnswer = "endpoint-answer"
    case endpointCertificate = "endpoint-certificate"
    case endpointMetadata = "endpoint-metadata"
    case endpointRelay = "endpoint-relay"
    // daemon
    case daemon
    case daemonConfiguration = "daemon-configuration"
    case candidates
    case relay
    case revocationLists = "revocation-lists"
    case unit
    case unitEnabled = "unit-enabled"
    case unitRestart = "unit-restart"
    case unitSandbox = "unit-sandbox"
    // host
    case clock
    case clockSynchronised = "clock-synchronised"
    case clockHardware = "clock-hardware"
    case reachCgroup = "reach-cgroup"
    case reachLogins = "reach-logins"
    case reachFiles = "reach-files"
    case reachSetid = "reach-setid"
    case apparmor
    case apparmorDenied = "apparmor-denied"
    case fail2ban

    public var area: Area {
      switch self {
      case .configuration, .published, .host, .setup, .revocationList, .authorityKey: .configuration
      case .modulePam, .moduleNss, .moduleLoad, .helper, .gateShell, .group, .version, .versionDaemon, .versionMapped: .installation
      case .state, .configurationFile, .homeRoot, .space: .files
      case .uidMap, .standingRights, .uidRegistry, .leftover, .leftoverLease, .leftoverName, .leftoverHome, .auditSpool, .strays, .quarantine:
        .accounts
      case .nsswitch, .nsswitchPasswd, .nsswitchGroup, .nsswitchInitgroups, .nscd, .nscdPasswd, .nscdGroup: .names
      case .pamAccount, .pamSession, .pamSessionOrder, .pamTwice, .pamLoginuid, .pamEnvOrder, .pamFaillock, .pamAccess, .pamMkhomedir, .pamOption, .pamProfile,
        .pamBlock, .pamLocalExempt, .pamLocalLines, .pamLocalCommon, .loginLines, .loginTimeout, .sudoUndecided, .sudoRule: .pam
      case .sshd, .sshdConfiguration, .sshdOptions, .sshdApart, .sshdUsepam, .sshdAuthorities, .sshdBreakGlass, .sshdAuthorizedKeys, .sshdPublickey,
        .sshdPrincipals, .sshdRevokedKeys, .sshdChroot, .sshdAllowgroups, .sshdDenygroups, .sshdAllowusers, .sshdDenyusers, .sshdUsedns,
        .sshdPasswords, .sshdKeyboardInteractive, .sshdPenalties, .sshdStartups: .sshd
      case .endpoint, .endpointAnswer, .endpointCertificate, .endpointMetadata, .endpointRelay: .policy
      case .daemon, .daemonConfiguration, .candidates, .relay, .revocationLists, .unit, .unitEnabled, .unitRestart, .unitSandbox: .daemon
      case .clock, .clockSynchronised, .clockHardware, .reachCgroup, .reachLogins, .reachFiles, .reachSetid, .apparmor, .apparmorDenied, .fail2ban:
        .host
      }
    }
  }

  /// The headings that findings stand under, in this order.
  public enum Area: String, Sendable, CaseIterable {
    case configuration, installation, files, accounts, names, pam, sshd, policy, daemon, host

    public var heading: String {
      switch self {
      case .configuration: "Configuration"
      case .installation: "Installed parts"
      case .files: "Files and room"
      case .accounts: "Numbers, accounts and what is left of them"
      case .names: "Names"
      case .pam: "PAM"
      case .sshd: "SSH servers"
      case .policy: "Policy"
      case .daemon: "sojournd"
      case .host: "Host"
      }
    }
  }
}
