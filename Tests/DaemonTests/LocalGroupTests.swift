import Foundation
import Testing

/// Groups for the session of an account that another source has: granted, shown beside the account's own, and taken back with what holds
/// them. Nothing else of the account is touched.
@Suite struct LocalGroupTests {
    private func host(started: Bool = true, _ prepare: (PrivateHost) throws -> Void = { _ in }) throws -> DaemonHost {
        try DaemonHost(started: started) { host in
            try host.must("useradd -m resident; useradd -M other; usermod -aG dbops other; groupadd -r spare; sed -i 's/^groups = .*/groups = [\"dbops\", \"deploy\", \"spare\", \"lacking\"]/' /etc/sojourn/sojourn.toml")
            try prepare(host)
        }
    }

    private func number(_ text: String) throws -> Int { try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines))) }
    private func gid(_ name: String, _ host: DaemonHost) throws -> Int { try number(host.host.must("getent group \(name) | cut -d: -f3")) }
    private func uid(_ name: String, _ host: DaemonHost) throws -> Int { try number(host.host.must("id -u \(name)")) }

    private func login(_ host: DaemonHost, _ name: String = "resident", groups: String, _ options: String...) throws -> Login {
        try Login(host.host.start(["python3", DaemonHost.client, "login", name, "--local", "--uid", "\(try uid(name, host))", "--groups", groups] + options), name: name)
    }

    private func alive(_ host: DaemonHost, _ pids: [Int]) throws -> [Int] {
        try pids.filter { try host.host.shell("grep -qs '^State:.[^ZX]' /proc/\($0)/status").status == 0 }
    }

    private func members(_ host: DaemonHost, _ name: String = "resident") throws -> String? { try host.host.read("/run/sojourn/nss/member/\(name)") }

    private func cleared(_ host: DaemonHost) throws -> [[String: Any]] {
        try host.audit().filter { $0["event"] as? String == "session-cleared" && $0["local"] as? Bool == true }
    }

    private func notes(_ login: Login) -> String { (login.reply["notes"] as? [String] ?? []).joined(separator: "; ") }

    /// What the host itself keeps of the account.
    private func account(_ host: DaemonHost) throws -> String {
        try host.host.must("sha256sum /etc/passwd /etc/group /etc/shadow; ls -la --time-style=full-iso /home/resident /var/spool/cron/crontabs; ls -A /var/lib/sojourn/home /var/lib/sojourn/uids /run/sojourn/leases 2>&1 || true")
    }

    @Test func grantsAndTakesBackGroupsWithWhatHoldsThem() throws {
        let host = try host { try $0.must("mkdir -p /var/spool/cron/crontabs; echo '# hers' > /var/spool/cron/crontabs/resident") }
        let dbops = try gid("dbops", host), deploy = try gid("deploy", host), resident = try uid("resident", host), other = try uid("other", host)
        let before = try account(host)
        let strong = try login(host, groups: "dbops,deploy"), weak = try login(host, groups: "deploy")
        try #require(strong.isOpened && weak.isOpened, "\(strong.reply) \(weak.reply)")
        // The union, without the group that marks accounts of ours; the account stays its own source's.
        #expect(try members(host) == [dbops, deploy].sorted().map(String.init).joined(separator: ",") + "\n")
        #expect(try host.host.must("id -Gn resident | tr ' ' '\\n' | sort | tr '\\n' ' '") == "dbops deploy resident ")
        #expect(try host.host.must("ls -A /run/sojourn/nss/passwd /run/sojourn/nss/group /run/sojourn/nss/shell | grep -c resident || true") == "0\n")
        #expect(try host.sessions().compactMap { ($0["groups"] as? [String])?.count }.sorted() == [1, 2])
        #expect(try host.host.must("/usr/sbin/sojourn check || true").contains("nss/member") == false)

        let lose = [
            try strong.start(as: resident, groups: [dbops, deploy], "trap '' TERM HUP INT; while :; do sleep 1; done"), try strong.start(as: resident, groups: [dbops], "exec sleep 300"),
            // A plain login of the same person meanwhile: NSS cannot tell it apart.
            try weak.start(as: resident, groups: [deploy, dbops], "exec sleep 301"),
        ]
        let keepWhileWeak = try weak.start(as: resident, groups: [deploy], "exec sleep 302")
        let keep = [try strong.start(as: resident, "exec sleep 303"), try weak.start(as: other, groups: [dbops, deploy], "exec sleep 304")]
        #expect(try alive(host, lose + [keepWhileWeak] + keep).count == 6)
        try strong.close()
        #expect(try eventually(20) { try alive(host, lose).isEmpty && !cleared(host).isEmpty }, "\(host.logs)")
        #expect(try alive(host, [keepWhileWeak] + keep).count == 3, "\(host.logs)")
        #expect(try members(host) == "\(deploy)\n")
        let evidence = try #require(try cleared(host).first)
        #expect(Set(evidence["withdrawn_gids"] as? [Int] ?? []) == [dbops, deploy] && evidence["sessions"] as? [String] == [strong.session])
        #expect(evidence["provable"] as? Bool == false && (evidence["not_provable_because"] as? [String])?.first?.contains("setgid") == true)
        let killed = (evidence["report"] as? [String: Any])?["killed"] as? [String] ?? []
        for pid in lose { #expect(killed.contains { $0.hasPrefix("\(pid) ") }, "\(pid): \(evidence)") }
        // A login that asked NSS a moment before, and set its groups afterwards.
        let late = try weak.start(as: resident, groups: [dbops], "exec sleep 305")
        #expect(try eventually(20) { try alive(host, [late]).isEmpty }, "\(host.logs)")
        try weak.close()
        #expect(try eventually(20) { try alive(host, [keepWhileWeak]).isEmpty }, "\(host.logs)")
        #expect(try alive(host, keep) == keep, "\(host.logs)")
        #expect(try members(host) == nil && host.host.must("id -Gn resident") == "resident\n")
        #expect(try eventually(10) { try host.host.must("ls -A /run/sojourn/local /run/sojourn/local-ends | grep json || true") == "" })
        #expect(try account(host) == before)
        for pid in keep { try host.host.must("kill -KILL \(pid)") }
    }

    /// Where the other sources, or its own processes, have it in a group already, the end would take more than was given.
    @Test func leavesOutWhatTheAccountHasAnywayAndWhatTheHostLacks() throws {
        let host = try host { try $0.must("usermod -aG dbops resident; usermod -g deploy other") }
        let resident = try uid("resident", host), spare = try gid("spare", host), dbops = try gid("dbops", host)
        let bearer = try login(host, "other", groups: "deploy,dbops,lacking")
        try #require(bearer.isOpened, "\(bearer.reply)")
        #expect(notes(bearer).contains("in group deploy anyway") && notes(bearer).contains("in group dbops anyway") && notes(bearer).contains("lacking does not exist"), "\(bearer.reply)")
        #expect(try members(host, "other") == nil)
        let service = try bearer.start(as: resident, groups: [spare], "exec sleep 300"), member = try bearer.start(as: resident, groups: [dbops], "exec sleep 301")
        let opened = try login(host, groups: "dbops,spare,deploy")
        try #require(opened.isOpened, "\(opened.reply)")
        #expect(notes(opened).contains("in group dbops anyway") && notes(opened).contains("act by group spare already"), "\(opened.reply)")
        #expect(try members(host) == "\(gid("deploy", host))\n")
        try opened.close()
        #expect(try eventually(20) { try !cleared(host).isEmpty }, "\(host.logs)")
        #expect(try alive(host, [service, member]) == [service, member])
        // Root needs none.
        let root = try login(host, "root", groups: "dbops")
        #expect(root.isOpened && notes(root).contains("root needs no groups"), "\(root.reply)")
        #expect(try members(host, "root") == nil)
        try root.close()
        try host.host.must("kill -KILL \(service) \(member)")
        bearer.end()
    }

    @Test func refusesGroupsThatAreNotTheHostsToGive() throws {
        let host = try host { try $0.must("useradd -M Resident.X 2> /dev/null || useradd --badname -M Resident.X") }
        for (name, groups) in [("resident", "sudo"), ("resident", "root"), ("resident", (0...64).map { _ in "dbops" }.joined(separator: ",")), ("Resident.X", "dbops")] {
            let refused = try login(host, name, groups: groups)
            #expect(refused.refusal == "ceiling", "\(name) \(groups): \(refused.reply)")
            refused.end()
        }
        let plain = try login(host, "Resident.X", groups: "")
        #expect(plain.isOpened, "without groups any name will do: \(plain.reply)")
        try plain.close()
        for gid in ["0", "70000", try host.host.must("getent group sojourn | cut -d: -f3").trimmingCharacters(in: .newlines)] {
            try host.host.must("groupmod -o -g \(gid) dbops")
            let refused = try login(host, groups: "deploy,dbops")
            #expect(refused.refusal == "ceiling" && refused.detail.contains("which is never granted"), "\(gid): \(refused.reply)")
            refused.end()
        }
        // A source that cannot answer: the account may be in the group there.
        try host.host.must("groupmod -g 4321 dbops; sed -i -E 's/^group:.*/group: files hesiod sojourn/' /etc/nsswitch.conf")
        let unknown = try login(host, groups: "dbops")
        #expect(unknown.refusal == "source-failed" && unknown.detail.contains("hesiod"), "\(unknown.reply)")
        unknown.end()
        let none = try login(host, groups: "")
        #expect(none.isOpened, "nobody is asked about a session without groups: \(none.reply)")
        try none.close()
        #expect(try host.host.must("ls -A /run/sojourn/nss/member") == "")
    }

    @Test func goesOnWhereAKilledDaemonLeftIt() throws {
        let host = try host()
        let dbops = try gid("dbops", host), deploy = try gid("deploy", host), resident = try uid("resident", host)
        let gone = try login(host, groups: "dbops"), stays = try login(host, groups: "deploy")
        try #require(gone.isOpened && stays.isOpened)
        let loses = try stays.start(as: resident, groups: [dbops], "exec sleep 300"), keeps = try stays.start(as: resident, groups: [deploy], "exec sleep 301")
        try host.killDaemon()
        gone.process.kill(SIGKILL)
        // What is shown without a session, and what a live one should show.
        try host.host.must("echo '\(dbops)' > /run/sojourn/nss/member/other; rm /run/sojourn/nss/member/resident")
        try host.startDaemon()
        #expect(try eventually(20) { try alive(host, [loses]).isEmpty && !cleared(host).isEmpty }, "\(host.logs)")
        #expect(try members(host) == "\(deploy)\n" && members(host, "other") == nil)
        #expect(try alive(host, [keeps]) == [keeps])
        // The monitor is killed, and the daemon with it while it still ends what was left.
        stays.process.kill(SIGKILL)
        #expect(try eventually(20) { try alive(host, [keeps]).isEmpty && members(host) == nil }, "\(host.logs)")
        try host.killDaemon()
        try host.startDaemon()
        #expect(try eventually(20) { try host.host.must("ls -A /run/sojourn/local /run/sojourn/local-ends | grep json || true") == "" }, "\(host.logs)")
        let ends = try host.audit().filter { $0["event"] as? String == "session-end" && $0["name"] as? String == "resident" }
        #expect(Set(ends.compactMap { $0["session"] as? String }) == [gone.session, stays.session])
    }

    /// A session that was over when its daemon was killed, and of which a process is left.
    @Test func endsWhatADaemonThatWasKilledInTheMiddleHadNot() throws {
        let host = try host()
        let dbops = try gid("dbops", host), resident = try uid("resident", host)
        let carrier = try host.login("alice"), ended = try login(host, groups: "dbops")
        try #require(ended.isOpened)
        try host.killDaemon()
        ended.process.kill(SIGKILL)
        let left = try carrier.start(as: resident, groups: [dbops], "exec sleep 300")
        try host.host.must("mv /run/sojourn/local/\(ended.session).json /run/sojourn/local-ends/")
        try host.startDaemon()
        #expect(try eventually(20) { try alive(host, [left]).isEmpty && !cleared(host).isEmpty }, "\(host.logs)")
        #expect(try host.audit().filter { $0["event"] as? String == "session-end" && $0["name"] as? String == "resident" }.isEmpty, "said before")
        try carrier.close()
    }
}
