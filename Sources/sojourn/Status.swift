import ArgumentParser
import DaemonProtocol
import Encoding
import HostSystem

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say how the daemon is.")

  @Flag(help: "One JSON object instead of lines.")
  var json = false

  func run() throws {
    try Terminal.requireRoot("sojourn status")
    guard case .status(let status) = try Daemon.ask(.status) else { throw Daemon.unexpected() }
    guard !json else { return try Terminal.printJSON(status.json) }
    let now = Moment.now().unixSeconds
    try Terminal.print("daemon         version \(Escape.visible(status.softwareVersion)), process \(status.pid), started \(Sessions.clock(status.started, now))")
    try Terminal.print("sessions       \(status.sessions) of \(status.leases) \(status.leases == 1 ? "account" : "accounts")")
    if status.breakGlassSessions > 0 {
      try Terminal.print("break glass    " + Terminal.coloured("\(status.breakGlassSessions) of these sessions", .red) + " without a decision of the policy; see 'sojourn sessions'")
    }
    if status.unconfirmedSessions > 0 {
      try Terminal.print("unconfirmed    " + Terminal.coloured("\(status.unconfirmedSessions) of these sessions", .red) + ": nobody answers whether they may go on; 'sojourn sessions' says until when. To keep them: session.when_unreachable = \"keep\", then 'sojourn apply'")
    }
    if let reasons = status.candidatesWithheld {
      try Terminal.print("new accounts   " + Terminal.coloured("withheld", .red) + ": nobody can log in who has no account yet")
      for reason in reasons { try Terminal.print("               - " + Escape.visible(reason, limit: 1024)) }
    } else {
      try Terminal.print("new accounts   " + Terminal.coloured("admitted", .green) + " if the policy says so")
    }
    if let problem = status.configurationProblem {
      try Terminal.print("configuration  " + Terminal.coloured("faulty", .red) + ", the last good one holds: " + Escape.visible(problem, limit: 2000))
    } else {
      try Terminal.print("configuration  as published")
    }
    if !status.isRelayed {
      let approvals = status.relayProblem.map { "; " + Terminal.coloured("out of reach for approvals and for sessions that live", .red) + ", the relay does not run: " + Escape.visible($0, limit: 1024) }
      try Terminal.print("policy         asked by each login itself" + (approvals ?? ", approvals and sessions that live through the relay"))
    } else if let problem = status.relayProblem {
      try Terminal.print("policy         " + Terminal.coloured("out of reach", .red) + ", the relay does not run: " + Escape.visible(problem, limit: 1024))
    } else {
      try Terminal.print("policy         asked through the relay")
    }
    if let problem = status.revocationProblem {
      try Terminal.print("revocation     " + Terminal.coloured("unusable", .red) + ", so nobody is let in: " + Escape.visible(problem, limit: 2000))
    }
    for (index, text) in status.leftovers.enumerated() {
      try Terminal.print((index == 0 ? Terminal.coloured("left over", .yellow) + "      " : "               ") + Escape.visible(text, limit: 512))
    }
    if !status.quarantined.isEmpty {
      try Terminal.print("quarantined    " + status.quarantined.map { Escape.visible($0, limit: 64) }.joined(separator: ", "))
    }
  }
}
