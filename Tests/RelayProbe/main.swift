// The relay as the daemon starts it, at a socket and with a published configuration of the test's.
//
//     RelayProbe CONFIGURATION ADDRESSES SOCKET
import Configuration
import HostSystem
import Logging
import Policy
import Relay

let arguments = CommandLine.arguments
guard arguments.count == 4 else { OwnProcess.end(2) }
OwnProcess.endWithParent()
do {
  let configuration = try PublishedConfiguration.parse(try Files.read(arguments[1], cap: PublishedConfiguration.cap))
  let listener = try SeqpacketSocket.listen(at: arguments[3])
  try Relay(listener: listener, rules: configuration.policy, addresses: { EndpointAddresses.published(at: arguments[2]) },
    log: Logger(label: "relay")).run()
} catch {
  print("the relay cannot run: \(error)")
  OwnProcess.end(1)
}
OwnProcess.end(0)
