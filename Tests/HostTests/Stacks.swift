import Foundation

extension Host {
    /// Copies the example stacks of login, su and sudo and the sudoers rule, as an administrator does.
    /// - Parameters:
    ///   - options: what stands at the end of every line of ours in them.
    func installStacks(_ services: [String] = ["login", "su", "sudo", "sudo-i"], options: String = "") throws {
        try must(
            """
            examples=/usr/share/doc/sojourn/examples options=$1
            for service in $2; do
                install -m 0644 $examples/pam.d/$service /etc/pam.d/$service
                sed -i "s/^[^#].*pam_sojourn[.]so$/& $options/" /etc/pam.d/$service
            done
            install -m 0440 $examples/sudoers.d/sojourn /etc/sudoers.d/sojourn
            visudo -q -c
            """, options, services.joined(separator: " "))
        // A test that is refused often need not wait seconds for each.
        try must("sed -i 's/pam_faildelay[.]so.*/pam_faildelay.so delay=0/' /etc/pam.d/login; sed -i 's/^FAIL_DELAY.*/FAIL_DELAY 0/' /etc/login.defs")
    }
}
