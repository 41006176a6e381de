import Foundation
import Testing

/// `sojourn check` and the policy endpoints: each fault that an endpoint can have, at a real one.
@Suite struct EndpointCheckTests {
    /// Answers as it is told by its arguments: port, certificate, key, status of an evaluation, the decision, its own name.
    private static let server = """
        import http.server, json, socket, ssl, sys
        port, certificate, key, status, decision, name = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "yes", sys.argv[6]
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def reply(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                open("/tmp/asked-%d" % port, "a").write(json.dumps([asked, self.headers.get("Authorization")]) + "\\n")
                self.reply(status, {"decision": decision} if status == 200 else {"error": "the token has run out"})
            def do_GET(self):
                open("/tmp/asked-%d" % port, "a").write(json.dumps([self.path, self.headers.get("Authorization")]) + "\\n")
                if name == "-" or self.path != "/.well-known/authzen-configuration":
                    return self.reply(404, {})
                self.reply(200, {"policy_decision_point": name, "access_evaluation_endpoint": name + "/access/v1/evaluation",
                    "capabilities": ["urn:example:one"], "supported_obligations": ["notification"]})
        class OverUnix(http.server.ThreadingHTTPServer):
            address_family = socket.AF_UNIX
            def server_bind(self):
                self.socket.bind(self.server_address)
        Handler.address_string = lambda self: "somebody"
        server = OverUnix("/run/pdp/pdp.sock", Handler) if port == 0 else http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if certificate != "-":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print("listening", flush=True)
        server.serve_forever()
        """

    private func serve(_ host: PrivateHost, _ port: Int, certificate: String = "-", status: Int = 200, decision: String = "no", name: String = "-") throws {
        let process = try host.startBeside(["python3", "-c", Self.server, String(port), certificate == "-" ? "-" : "/tmp/tls/\(certificate).pem",
            "/tmp/tls/\(certificate).key", String(status), decision, name])
        guard eventually(15, { process.stdout.contains("listening") || !process.isRunning }), process.isRunning else { throw HostFailure("no server: \(process.stderr)") }
    }

    /// An authority and certificates of it.
    private func makeCertificates(_ host: PrivateHost) throws {
        try host.must("""
            mkdir -p /tmp/tls/new; cd /tmp/tls
            authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 30 -keyout "$1.key" -out "$1.pem" 2> /dev/null; }
            authority authority; authority stranger
            issue() {
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2> /dev/null
                printf 'subjectAltName=%s\\n' "$3" > ext
                : > index; echo 01 > serial
                printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=/tmp/tls/index\\nserial=/tmp/tls/serial\\nnew_certs_dir=/tmp/tls/new\\ndefault_md=sha256\\npolicy=p\\nunique_subject=no\\n[p]\\ncommonName=supplied\\n' > ca.cnf
                openssl ca -batch -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -startdate "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$5" +%Y%m%d%H%M%SZ)" -extfile ext -notext -in "$1.csr" -out "$1.pem" 2> /dev/null
            }
            issue good authority IP:127.0.0.1 '-1 hour' '+25 days'
            issue ending authority IP:127.0.0.1 '-1 hour' '+5 days'
            issue expired authority IP:127.0.0.1 '-2 days' '-1 day'
            issue elsewhere authority DNS:other.example '-1 hour' '+25 days'
            issue unknown stranger IP:127.0.0.1 '-1 hour' '+25 days'
            install -m 0644 authority.pem /etc/sojourn/policy_ca.pem
            printf 'secret-token\\n' > /etc/sojourn/token; chmod 0600 /etc/sojourn/token
            """, deadline: 60)
    }

    @Test func tellsEveryFaultWithItsRemedy() throws {
        let sojourn = try SojournHost(started: false)
        defer { sojourn.stop() }
        let host = sojourn.host
        try makeCertificates(host)
        try serve(host, 9001, certificate: "good", name: "https://127.0.0.1:9001")
        try serve(host, 9002, certificate: "ending")
        try serve(host, 9003, certificate: "expired")
        try serve(host, 9004, certificate: "elsewhere")
        try serve(host, 9005, certificate: "unknown")
        try serve(host, 9006, certificate: "good", status: 401)
        try serve(host, 9007, certificate: "good", decision: "yes", name: "https://pdp.example.com")
        let ports = [9001, 9002, 9003, 9004, 9005, 9006, 9007, 9008]
        let list = ports.map { "\"https://127.0.0.1:\($0)/access/v1/evaluation\"" }.joined(separator: ", ")
        try host.write("[policy]\nendpoints = [\(list)]\nca_file = \"/etc/sojourn/policy_ca.pem\"\ntoken_file = \"/etc/sojourn/token\"\n",
            to: "/etc/sojourn/sojourn.toml.d/policy.toml", mode: "0600")
        try sojourn.startAll()

        let output = try host.run(["/usr/sbin/sojourn", "check", "--json"], deadline: 120)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(output.stdout.utf8)) as? [String: Any], "\(output)")
        let findings = try #require(json["findings"] as? [[String: String]])
        func found(_ id: String, _ port: Int) -> [String: String] { findings.first { $0["id"] == id && $0["subject"]?.contains(":\(port)/") == true } ?? [:] }
        func expect(_ id: String, _ port: Int, _ severity: String, says: String, remedy: String = "") {
            let finding = found(id, port)
            #expect(finding["severity"] == severity && finding["text"]?.contains(says) == true && (remedy.isEmpty || finding["remedy"]?.contains(remedy) == true), "\(port): \(finding)")
        }
        expect("endpoint-answer", 9001, "ok", says: "takes this host's question")
        expect("endpoint-metadata", 9001, "ok", says: "capabilities: urn:example:one; supported_obligations: notification")
        #expect(found("endpoint-certificate", 9001).isEmpty)
        expect("endpoint-answer", 9002, "ok", says: "takes this host's question")
        expect("endpoint-certificate", 9002, "warning", says: "ends at", remedy: "renew")
        expect("endpoint-metadata", 9002, "ok", says: "publishes no AuthZEN metadata")
        expect("endpoint-answer", 9003, "problem", says: "expired", remedy: "renewed")
        expect("endpoint-answer", 9004, "problem", says: "policy-tls", remedy: "issued for 127.0.0.1")
        expect("endpoint-answer", 9005, "problem", says: "policy-tls", remedy: "policy.ca_file")
        expect("endpoint-answer", 9006, "problem", says: "status 401", remedy: "token_file")
        expect("endpoint-answer", 9006, "problem", says: "the token has run out")
        expect("endpoint-answer", 9007, "warning", says: "says yes to a question about nobody")
        expect("endpoint-metadata", 9007, "problem", says: "says that it is the policy decision point https://pdp.example.com", remedy: "correct policy.endpoints")
        expect("endpoint-answer", 9008, "problem", says: "policy-unreachable", remedy: "see that the endpoint runs")
        #expect(findings.contains { $0["id"] == "endpoint-relay" && $0["severity"] == "ok" && $0["text"]?.contains("https://127.0.0.1:9001/") == true }, "\(findings)")
        #expect(output.status == 1)

        // What an endpoint is asked is no login of anybody, and its metadata is read without the token.
        let asked = try host.must("cat /tmp/asked-9001").split(separator: "\n").map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [Any] ?? [] }
        let question = try #require(asked.first?.first as? [String: Any])
        #expect((question["action"] as? [String: Any])?["name"] as? String == "check")
        #expect((question["subject"] as? [String: Any])?["id"] as? String == "sojourn-check")
        #expect((question["context"] as? [String: Any])?["credential"] == nil)
        #expect(asked.first?.last as? String == "Bearer secret-token")
        let read = try #require(asked.first { $0.first is String })
        #expect(read.last is NSNull)
    }

    @Test func asksOverAUnixSocketToo() throws {
        let sojourn = try SojournHost(started: false) { host, _ in
            try host.must("mkdir -m 0755 /run/pdp")
            try host.write("[policy]\nendpoints = [\"unix:/run/pdp/pdp.sock\"]\n", to: "/etc/sojourn/sojourn.toml.d/policy.toml", mode: "0600")
        }
        defer { sojourn.stop() }
        try serve(sojourn.host, 0, name: "https://pdp.example.com")
        try sojourn.startAll()
        let output = try sojourn.host.run(["/usr/sbin/sojourn", "check"], deadline: 60)
        #expect(output.stdout.contains("ok      unix:/run/pdp/pdp.sock: answers in"), "\(output)")
        #expect(output.stdout.contains("ok      unix:/run/pdp/pdp.sock: publishes AuthZEN metadata that fits"), "\(output)")
        #expect(output.stdout.contains("ok      sojournd relay: brings answers, now from unix:/run/pdp/pdp.sock"), "\(output)")
    }

    @Test func isContentWithAnEndpointThatAnswers() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let output = try sojourn.host.run(["/usr/sbin/sojourn", "check"], deadline: 60)
        #expect(output.stdout.contains("ok      http://127.0.0.1:8181/access/v1/evaluation: answers in"), "\(output)")
        #expect(output.stdout.contains("ok      sojournd relay: brings answers, now from http://127.0.0.1:8181/access/v1/evaluation"), "\(output)")
        #expect(try sojourn.audit().allSatisfy { $0["event"] as? String != "grant" })
        try sojourn.policy.stop()
        let down = try sojourn.host.run(["/usr/sbin/sojourn", "check"], deadline: 60)
        #expect(down.status == 1 && down.stdout.contains("problem sojournd relay: brings no decision (policy-unreachable"), "\(down)")
    }
}
