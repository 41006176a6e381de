internal import Encoding

/// What a decision's context says of approvals (AuthZEN Access Request and Approval Profile).
enum AccessTerms {
  /// Does a no speak of getting access all the same? Whether it can be asked about, `access_request` alone says.
  static func areIn(_ context: JSONValue) -> Bool {
    context["access_request"]?.members != nil || context["next_action"]?.string != nil || context["reason"]?.string != nil
  }
}

extension Grant {
  /// The same, for no longer than the approval that the answer names (`context.approval`).
  func held(by approval: JSONValue?) throws(PolicyFailure) -> Grant {
    guard let approval else { return self }
    guard let written = approval["approved_until"]?.string, let until = Timestamp.parse(written) else { throw .grant("approval.approved_until is no time") }
    var grant = self
    grant.approvedUntil = until
    return grant
  }
}
