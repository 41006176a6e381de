import Foundation

/// A private key in the visitor's directory, and its certificate if it has one.
struct Credential: Sendable {
    /// The key; the public key is `path.pub`, the certificate `path-cert.pub`, where ssh finds it by itself.
    var path: String
}

/// A key that signs users' certificates, made and used with `ssh-keygen` in one host.
struct CertificateAuthority: Sendable {
    let host: Host
    /// Private key; `path.pub` is what sshd and Sojourn trust.
    let path: String

    /// Signs a new key.
    /// - Parameters:
    ///   - validity: as for `ssh-keygen -V`; relative times count from now, in UTC minutes.
    ///   - options: as for `ssh-keygen -O`.
    func issue(
        principals: [String], keyID: String, serial: UInt64 = 1, validity: String = "-1m:+1h", options: [String] = [],
        type: String = "ed25519"
    ) throws -> Credential {
        let credential = try host.makeKey(type: type)
        try sign(credential, principals: principals, keyID: keyID, serial: serial, validity: validity, options: options)
        return credential
    }

    /// Signs a key that exists, in place of the certificate that it had.
    func sign(
        _ credential: Credential, principals: [String], keyID: String, serial: UInt64 = 1, validity: String = "-1m:+1h",
        options: [String] = []
    ) throws {
        let command = ["ssh-keygen", "-q", "-s", path, "-I", keyID, "-z", String(serial), "-V", validity]
            + (principals.isEmpty ? [] : ["-n", principals.joined(separator: ",")])
            + options.flatMap { ["-O", $0] } + [credential.path + ".pub"]
        let output = try host.run(command)
        guard output.succeeded else { throw HostFailure("\(command): \(output)") }
        try host.must("chown visitor: \"$1\"", credential.path + "-cert.pub")
    }

    /// A certificate for the person of that name, as an issuer would make it: principal and login name are the same.
    func certificate(for name: String, serial: UInt64 = 1, validity: String = "-1m:+1h") throws -> Credential {
        try issue(principals: [name], keyID: name + "@example.com", serial: serial, validity: validity)
    }
}

extension Host {
    /// Makes the local account from which the clients of a test run, once.
    func makeVisitor() throws {
        try must("""
            getent passwd visitor > /dev/null && exit
            echo 'visitor:x:2000:2000::/home/visitor:/bin/bash' >> /etc/passwd
            echo 'visitor:x:2000:' >> /etc/group
            echo 'visitor:*:19000::::::' >> /etc/shadow
            install -d -m 0700 -o visitor -g visitor /home/visitor /home/visitor/.ssh
            """)
    }

    func makeKey(type: String = "ed25519") throws -> Credential {
        try makeVisitor()
        let path = "/home/visitor/.ssh/key-\(UInt32.random(in: 0 ... .max))"
        try must("ssh-keygen -q -t \"$2\" -N '' -C '' -f \"$1\"; chown visitor: \"$1\" \"$1.pub\"", path, type)
        return Credential(path: path)
    }

    func makeCA(_ name: String = "user_ca") throws -> CertificateAuthority {
        let path = "/root/authorities/\(name)"
        try must("install -d -m 0700 /root/authorities; ssh-keygen -q -t ed25519 -N '' -C \"$2\" -f \"$1\"", path, name)
        return CertificateAuthority(host: self, path: path)
    }
}
