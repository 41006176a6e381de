import Foundation
import Testing

extension LoadTests {
    /// The same with the stock sshd: many connections at one moment. How many it takes at once (MaxStartups) is the administrator's (T28).
    @Suite struct SSHCrowdTests {
        /// T17, T26, T32
        @Test func t17T26T32FortyPeopleAndOnePersonTwentyTimesLogInAtOnceAndLeaveNothing() throws {
            let names = (0..<40).map { String(format: "p%04d", $0) }
            let sojourn = try SojournHost(people: names, prepare: { host, _ in
                try host.must("sed -i 's/^deadline = .*/deadline = \"20s\"/' /etc/sojourn/sojourn.toml")
            })
            defer { sojourn.stop() }
            let host = sojourn.host
            try host.must(
                """
                cd /home/visitor/.ssh; ssh-keygen -q -t ed25519 -N '' -C '' -f many
                for name in $2; do
                    cp many "$name"; cp many.pub "$name.pub"
                    ssh-keygen -q -s "$1" -I "$name@example.com" -n "$name" -V -1m:+1h "$name.pub"
                done
                chown visitor: *
                """, sojourn.ca.path, names.joined(separator: " "), deadline: 60)
            let script = "id -u; id -un; pwd; touch \"mine-$$\"; stat -c %U \"mine-$$\"; sleep 1"
            for wave in 1...(LoadHost.isLong ? 5 : 1) {
                let everybody = names + Array(repeating: names[0], count: 20)
                let begin = ContinuousClock.now
                let clients = try everybody.map { try host.startSSH($0, Credential(path: "/home/visitor/.ssh/" + $0), script) }
                var numbers: [String: Set<String>] = [:]
                for (name, client) in zip(everybody, clients) {
                    let output = client.finish(seconds: 90)
                    let lines = output.stdout.split(separator: "\n").map(String.init)
                    #expect(output.status == 0 && lines.count == 4 && Array(lines.dropFirst()) == [name, "/var/lib/sojourn/home/\(name)", name],
                        "wave \(wave): \(output)\n\(sojourn.logs.suffix(3000))")
                    numbers[name, default: []].insert(lines.first ?? "")
                }
                print("wave \(wave): \(everybody.count) SSH connections at once: all done after \(ContinuousClock.now - begin)")
                #expect(numbers.values.allSatisfy { $0.count == 1 } && Set(numbers.values).count == names.count)
            }
            #expect(try eventually(60) { try host.must("ls -A /run/sojourn/leases /run/sojourn/waiting /var/lib/sojourn/home").split(separator: "\n").count == 4 })
            for name in [names[0], names[39]] {
                let left = try sojourn.tracesLeft(of: name)
                #expect(left.isEmpty, "\(left)\n\(sojourn.logs.suffix(3000))")
            }
            let lines = try sojourn.audit()
            let granted = lines.filter { $0["event"] as? String == "grant" }.compactMap { $0["session"] as? String }
            let ended = lines.filter { $0["event"] as? String == "session-end" }.compactMap { $0["session"] as? String }
            #expect(granted.count == 60 * (LoadHost.isLong ? 5 : 1) && granted.sorted() == ended.sorted())
        }
    }
}
