import ArgumentParser
import Glibc
import Identity

@main
struct Sojourn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sojourn",
    abstract: "Just-in-time access to this host: accounts that exist as long as a session does.",
    discussion: """
      People log in with a short-lived certificate, a central policy decides at that moment, and only then \
      does an account exist, until the session ends. This command sets that up and shows it.

      To begin:  'sojourn setup'. Afterwards 'sojourn check' says whether configuration and host are right.

      Exit status: 0 done, 1 refused or faulty, 2 unreadable input, 3 the daemon does not answer, 64 wrong usage.
      """,
    version: Release.version,
    subcommands: [Setup.self, Check.self, Apply.self, Sessions.self, Who.self, End.self, Status.self, Explain.self, Certificate.self, Sign.self, DryLogin.self, LoadLibrary.self])

  static func main() {
    Terminal.openStandardStreams()
    // A reader that goes away (`sojourn sessions | head`) must not end us between publishing and telling the daemon.
    _ = signal(SIGPIPE, SIG_IGN)
    main(nil)
  }
}

/// How a command ends (README, exit status).
enum Exit {
  static let done = ExitCode(0)
  static let refused = ExitCode(1)
  static let unreadable = ExitCode(2)
  static let noDaemon = ExitCode(3)
}
