internal import Encoding

/// `source-address`: where the certificate may be used from. sshd has held it (auth-options.c); that it did is not taken on
/// trust, and where there is no sshd there may still be a client's address.
enum SourceAddressRule {
  static func judge(_ certificate: UnverifiedCertificate, _ client: IPAddress?) throws(CertificateRefusal) {
    for option in certificate.criticalOptions where option.isNamed("source-address") {
      guard let ranges = AddressRange.list(option.nested ?? []) else {
        throw CertificateRefusal(.sourceAddress, "its source-address is no list of addresses: " + Escape.visible(option.nested ?? [], limit: 64))
      }
      guard let client else { throw CertificateRefusal(.sourceAddress, "it may be used from some addresses only, and the client's is not known (if sshd has UseDNS on, turn it off)") }
      guard ranges.contains(where: { $0.contains(client) }) else {
        throw CertificateRefusal(.sourceAddress, "it may be used from " + Escape.visible(option.nested ?? [], limit: 128) + " only")
      }
    }
  }
}

/// Where the authority's certificates may be used from.
enum AuthorityNetworksRule {
  static func judge(_ limits: AuthorityLimits, _ client: IPAddress?) throws(CertificateRefusal) {
    guard !limits.networks.isEmpty else { return }
    guard let client else { throw CertificateRefusal(.authorityNetworks, "its CA is trusted from some networks only, and the client's address is not known (if sshd has UseDNS on, turn it off)") }
    guard limits.networks.contains(where: { $0.contains(client) }) else {
      throw CertificateRefusal(.authorityNetworks, "its CA is not trusted from the client's address")
    }
  }
}
