import Audit
import Configuration
import Encoding
import Events
import HostSystem
import Identity

extension Daemon {
  /// Looks the endpoints' names up, so that nobody who logs in has to: in sshd a name look-up would start a thread and could
  /// hang (DESIGN 7). By getent(1), that is by the C library, in a process of its own; again every minute.
  func resolveEndpoints() {
    // A reload asks at once: what an earlier asking still has under way, or was to begin in a minute, is forgotten.
    endpointsGeneration += 1
    let generation = endpointsGeneration
    if let timer = endpointsTimer { loop.cancel(timer) }
    endpointsTimer = nil
    let named = (configuration?.policy.endpoints ?? []).filter { !$0.isLiteral }
    let hosts = Set(named.map(\.host)).sorted()
    guard !hosts.isEmpty else { return }
    resolve(hosts, found: [:]) { [weak self] found in
      guard let self, endpointsGeneration == generation else { return }
      publishAddresses(named.map { .init(host: $0.host, port: $0.port, addresses: found[$0.host] ?? []) })
      endpointsTimer = loop.after(60_000) { [weak self] in self?.resolveEndpoints() }
    }
  }

  private func resolve(_ hosts: [String], found: [String: [String]], done: @escaping ([String: [String]]) -> Void) {
    guard let host = hosts.first else { return done(found) }
    Worker.start(loop, "/usr/bin/getent", ["ahosts", "--", host], milliseconds: 10_000) { [weak self] outcome in
      var found = found
      // `ADDRESS  STREAM|DGRAM|RAW  name`, an address three times over.
      var addresses: [String] = []
      for line in outcome.output.split(separator: 10) {
        let address = String(decoding: line.prefix { $0 != 32 && $0 != 9 }, as: UTF8.self)
        if AddressLiteral.isAddress(address), !addresses.contains(address) { addresses.append(address) }
      }
      found[host] = addresses
      self?.resolve(Array(hosts.dropFirst()), found: found, done: done)
    }
  }

  /// A name that cannot be looked up now keeps the addresses that it had.
  private func publishAddresses(_ entries: [EndpointAddresses.Entry]) {
    let before = EndpointAddresses.current()
    let now = entries.map { entry in
      entry.addresses.isEmpty ? .init(host: entry.host, port: entry.port, addresses: before.addresses(of: entry.host, port: entry.port)) : entry
    }
    // Said once, not every minute.
    let without = Set(now.filter(\.addresses.isEmpty).map(\.host))
    defer { endpointsWithout = without }
    for entry in now where entry.addresses.isEmpty && !endpointsWithout.contains(entry.host) {
      record.note(.configuration, .warning, "the policy endpoint \(Escape.visible(entry.host)) has no address: logins that ask it will be refused")
    }
    guard let text = EndpointAddresses(now).json.text() else { return }
    do throws(SystemError) { try Files.replace(Places.endpointAddresses, with: text, mode: 0o600, durable: false) } catch {
      record.note(.configuration, .error, "the addresses of the policy endpoints cannot be published: \(error.sentence)")
    }
  }
}
