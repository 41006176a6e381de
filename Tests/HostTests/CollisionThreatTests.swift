import Foundation
import Testing

/// T17: two names whose first probe collides.
@Suite struct CollisionThreatTests {
    @Test func t17GivesCollidingNamesEachItsOwnNumberWhenTheyLogInTogether() throws {
        let names = CollidingNames.find(3)
        let sojourn = try SojournHost(people: names)
        defer { sojourn.stop() }
        let host = sojourn.host
        let clients = try names.map { name in
            try host.startSSH(name, sojourn.ca.certificate(for: name), "id -un; id -u; echo $HOME; touch mine; stat -c %U mine; sleep 1")
        }
        var served = 0
        for (name, client) in zip(names, clients) {
            let output = client.finish(seconds: 60)
            if output.status == 254 {
                // sshd had heard a number that another got first: a sentence, and nothing ran.
                #expect(output.stdout.contains("again") || output.stderr.contains("again"), "\(output)\n\(sojourn.logs)")
                #expect(!output.stdout.contains("/var/lib/sojourn/home"))
            } else {
                let lines = output.stdout.split(separator: "\n").map(String.init)
                #expect(lines.count == 4 && lines[0] == name && lines[2] == "/var/lib/sojourn/home/\(name)" && lines[3] == name, "\(output)\n\(sojourn.logs)")
                served += 1
            }
        }
        #expect(served >= 1)
        var uids: Set<Int> = []
        for name in names {
            let output = try sojourn.login(name, "id -u; id -un")
            let uid = try #require(try sojourn.registeredUID(of: name), "\(output)\n\(sojourn.logs)")
            #expect(output.stdout == "\(uid)\n\(name)\n")
            uids.insert(uid)
        }
        #expect(uids.count == names.count)
        #expect(uids.contains(CollidingNames.firstProbe(of: names[0])))
        for name in names { #expect(try sojourn.tracesLeft(of: name).isEmpty) }
    }

    /// T17: somebody who chose a name to collide, while its number is in use.
    @Test func t17KeepsALeasedNumberFromACraftedName() throws {
        let names = CollidingNames.find(2, prefix: "mark")
        let sojourn = try SojournHost(people: names)
        defer { sojourn.stop() }
        let victim = try sojourn.openShell(names[0])
        try victim.run("echo secret > file; chmod 600 file")
        let output = try sojourn.login(names[1], "id -u; cat /var/lib/sojourn/home/\(names[0])/file")
        #expect(output.stdout.trimmingCharacters(in: .newlines) != (try victim.run("id -u").trimmingCharacters(in: .newlines)))
        #expect(!output.stdout.contains("secret"))
        #expect(try sojourn.registeredUID(of: names[0]) == CollidingNames.firstProbe(of: names[0]))
        #expect(try victim.run("cat file") == "secret\n")
        #expect(victim.exit() == 0)
    }
}
