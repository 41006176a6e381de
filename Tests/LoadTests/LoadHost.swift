import Foundation

/// A host on which Sojourn runs, with many people and a program that plays their logins: real libpam, module, certificates, relay,
/// policy endpoint and daemon; what is missing is sshd's own work, so that what is measured is ours.
final class LoadHost {
    let sojourn: SojournHost
    var host: PrivateHost { sojourn.host }
    let people: [String]

    /// `make test` runs a small number, `make test-long` all.
    static let isLong = ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] != nil

    init(people count: Int) throws {
        let people = (0..<count).map { String(format: "p%04d", $0) }
        self.people = people
        sojourn = try SojournHost(people: people) { host, ca in
            // The policy's own time is not what is measured, and Python's takes some when hundreds ask.
            try host.must(
                """
                sed -i 's/^deadline = .*/deadline = "20s"/; s/^labels = /candidate_programs = ["\\/usr\\/sbin\\/sshd", "\\/usr\\/libexec\\/load-driver"]\\nlabels = /' /etc/sojourn/sojourn.toml
                install -m 0755 "$1" /usr/libexec/load-driver
                cp -r /etc/pam.d /etc/load.d; sed -i '/pam_motd/d' /etc/load.d/sshd
                """, Self.program)
            try Self.writeList(host, ca, people)
        }
    }

    func stop() { sojourn.stop() }

    private static var program: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("load-driver").path
    }

    /// One key, and a certificate of it for everybody.
    private static func writeList(_ host: PrivateHost, _ ca: CertificateAuthority, _ people: [String]) throws {
        try host.must(
            """
            mkdir -m 700 /root/people; cd /root/people
            ssh-keygen -q -t ed25519 -N '' -C '' -f key
            number=0
            for name in $2; do
                number=$((number + 1))
                cp key.pub "$name.pub"
                ssh-keygen -q -s "$1" -I "$name@example.com" -z $number -n "$name" -V -1m:+5h "$name.pub"
                printf '%s\\tpublickey\\t%s\\n' "$name" "$(cut -d ' ' -f 1,2 --output-delimiter $'\\t' "$name-cert.pub")"
            done > list
            """, ca.path, people.joined(separator: " "), deadline: 120)
    }

    /// Its title is that of a connection's sshd: what it does is what a monitor does.
    func driver() throws -> LoadDriver {
        LoadDriver(try host.start(["bash", "-c", "exec -a 'sshd: driver [priv]' /usr/libexec/load-driver /etc/load.d /root/people/list"]))
    }

    // MARK: The daemon

    /// Ends it the hard way or in order, and starts it at once, as systemd does.
    func restartDaemon(with signal: Int32) throws {
        let name = signal == SIGKILL ? "KILL" : "TERM"
        try host.must("pkill -\(name) -x -o sojournd; while pgrep -x -o -r S,R,D,T sojournd > /dev/null; do sleep 0.01; done", deadline: 20)
        try sojourn.startDaemon()
    }

    /// Descriptors and private memory (KiB) of the daemon and of the relay.
    func footprint() throws -> (daemon: Footprint, relay: Footprint) {
        func of(_ name: String) throws -> Footprint {
            let text = try host.must(
                """
                pid=$(pgrep -o -x "$1"); ls /proc/$pid/fd | wc -l
                awk '$1 == "Private_Dirty:" { print $2 }' /proc/$pid/smaps_rollup
                awk '$1 == "VmRSS:" { print $2 }' /proc/$pid/status
                """, name)
            let numbers = text.split(separator: "\n").compactMap { Int($0) }
            guard numbers.count == 3 else { throw HostFailure("no \(name): \(text)") }
            return Footprint(descriptors: numbers[0], dirty: numbers[1], resident: numbers[2])
        }
        return (try of("sojournd"), try of("sojourn-relay"))
    }

    // MARK: What there is

    /// name → uid, as the registry has it.
    func registry() throws -> [String: Int] {
        Dictionary(try host.must("find /var/lib/sojourn/uids -type l -printf '%l %f\\n'").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return Int(words[1]).map { (String(words[0]), $0) }
        }, uniquingKeysWith: { a, _ in a })
    }

    /// name → uid, as every program of the host sees it.
    func shown(_ names: [String]) throws -> [String: Int] {
        let output = try host.run(["getent", "passwd"] + names)
        return Dictionary(output.stdout.split(separator: "\n").compactMap { line in
            let words = line.split(separator: ":")
            return Int(words[2]).map { (String(words[0]), $0) }
        }, uniquingKeysWith: { a, _ in a })
    }

    /// name and pid of every session that `sojourn sessions` lists.
    func sessions() throws -> [(name: String, pid: Int)] {
        let output = try host.must("sojourn sessions --json")
        guard let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], let list = object["sessions"] as? [[String: Any]]
        else { throw HostFailure("sojourn sessions: \(output)") }
        return list.filter { $0["state"] as? String == "active" }.map { ($0["name"] as? String ?? "", $0["pid"] as? Int ?? 0) }
    }

    /// name → pids of the sessions in its lease's file.
    func leases() throws -> [String: [Int]] {
        var found: [String: [Int]] = [:]
        for line in try host.must("cd /run/sojourn/leases; for f in *.json; do ! [ -e \"$f\" ] || { cat \"$f\" || true; echo; } 2> /dev/null; done").split(separator: "\n") {
            guard let lease = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], let name = lease["name"] as? String
            else { throw HostFailure("no lease: \(line)") }
            found[name] = (lease["sessions"] as? [[String: Any]] ?? []).compactMap { $0["pid"] as? Int }
        }
        return found
    }

    /// All files of Sojourn's but those that are to grow: the registry, uses of certificates, the audit log.
    func files() throws -> String {
        try host.must("find /run/sojourn /var/lib/sojourn -mindepth 1 -not -path '/var/lib/sojourn/uids/*' -not -path '/var/lib/sojourn/used/*' -not -path '/var/lib/sojourn/strays*' | sort")
    }

    /// Waits until nothing of anybody is left, and says what is left otherwise: files that were not there before, names, processes.
    func leftBeside(_ before: String, after seconds: Double = 90) throws -> String {
        var left = ""
        _ = try eventually(seconds, pause: 0.2) {
            let now = Set(try files().split(separator: "\n")).subtracting(before.split(separator: "\n"))
            let processes = try host.must("ps -e -o ruid=,suid=,pid=,args= | awk '$1 >= 65536 || $2 >= 65536'")
            left = now.sorted().joined(separator: "\n") + processes
            return left.isEmpty
        }
        return left + (try shown(people).keys.sorted().joined(separator: " "))
    }

    /// Ids of sessions by what the audit log says of them, each as often as it says it.
    func audited() throws -> (granted: [String: Int], ended: [String: Int], grantPids: [String: Int]) {
        var granted: [String: Int] = [:], ended: [String: Int] = [:], pids: [String: Int] = [:]
        for line in try sojourn.audit() {
            guard let id = line["session"] as? String else { continue }
            switch line["event"] as? String {
            case "grant":
                granted[id, default: 0] += 1
                pids[id] = line["pid"] as? Int
            case "session-end": ended[id, default: 0] += 1
            default: continue
            }
        }
        return (granted, ended, pids)
    }
}

/// What a process holds: descriptors, private and resident memory in KiB.
struct Footprint: CustomStringConvertible {
    let descriptors: Int
    let dirty: Int
    let resident: Int
    var description: String { "\(descriptors) descriptors, \(resident) KiB resident, \(dirty) KiB its own" }
}
