// The relay as the daemon starts it, at a socket and with a published configuration of the test's.
//
//     RelayProbe CONFIGURATION ADDRESSES SOCKET APPROVALS
import Approvals
import Configuration
import Glibc
import HostSystem
import Logging
import Policy
import Relay

let arguments = CommandLine.arguments
guard arguments.count == 5 else { OwnProcess.end(2) }
OwnProcess.endWithParent(getppid())
do {
  let configuration = try PublishedConfiguration.parse(try Files.read(arguments[1], cap: PublishedConfiguration.cap))
  let listener = try SeqpacketSocket.listen(at: arguments[3])
  try Relay(listener: listener, rules: configuration.policy, host: configuration.host.id, approvals: TaskStore(folder: arguments[4]),
    addresses: { EndpointAddresses.published(at: arguments[2]) },
    log: Logger(label: "relay")).run()
} catch {
  print("the relay cannot run: \(error)")
  OwnProcess.end(1)
}
OwnProcess.end(0)
