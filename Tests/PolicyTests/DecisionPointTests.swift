import Policy
import Testing

/// Where an endpoint's metadata are, and which identifier they must name (AuthZEN 1.0, "Policy Decision Point Metadata").
@Suite struct DecisionPointTests {
  @Test(arguments: [
    ("https://pdp.example/access/v1/evaluation", "https://pdp.example", "https://pdp.example/.well-known/authzen-configuration"),
    ("https://pdp.example/tenant1/access/v1/evaluation", "https://pdp.example/tenant1", "https://pdp.example/.well-known/authzen-configuration/tenant1"),
    ("https://pdp.example:8443/a/b/access/v1/evaluation", "https://pdp.example:8443/a/b", "https://pdp.example:8443/.well-known/authzen-configuration/a/b"),
    ("https://pdp.example/v0/data/sojourn", "https://pdp.example", "https://pdp.example/.well-known/authzen-configuration"),
    ("https://pdp.example", "https://pdp.example", "https://pdp.example/.well-known/authzen-configuration"),
    ("http://[::1]:8181/access/v1/evaluation", "http://[::1]:8181", "http://[::1]:8181/.well-known/authzen-configuration"),
  ])
  func isNamedAsItsMetadataMustNameIt(_ url: String, _ identifier: String, _ metadata: String) {
    let point = DecisionPoint(evaluatedAt: url)
    #expect(point.identifier == identifier && point.metadata == metadata)
  }
}
