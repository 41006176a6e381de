internal import DaemonProtocol
#if !hasFeature(Embedded)
  internal import CPlatform.Curl

  /// One call whose connection is looked at too, for `sojourn check`. Not in the module that sshd loads.
  public struct EndpointVisit: Sendable {
    public let reply: HTTPReply
    /// When the first of the server's certificates ends, in seconds since 1970; nil without TLS.
    public let certificateEnd: UInt64?

    /// As a login asks.
    // SAFETY: the call is alive until the end of the function.
    public static func post(_ request: HTTPRequest) -> EndpointVisit {
      do throws(PolicyFailure) {
        let call = try HTTPCall(request)
        unsafe sojourn_http_watch_certificate(call.raw)
        return EndpointVisit(call.post(), end: unsafe sojourn_http_certificate_end(call.raw))
      } catch { return EndpointVisit(.failed(error), end: -1) }
    }

    /// The document at the request's URL.
    // SAFETY: as in `post`.
    public static func get(_ request: HTTPRequest) -> EndpointVisit {
      do throws(PolicyFailure) {
        let call = try HTTPCall(request)
        let outcome = unsafe sojourn_http_get(call.raw, Int(clamping: max(1, request.milliseconds)), HTTPAnswer.cap, request.isPlain ? 1 : 0, request.isLiteral ? 1 : 0)
        return EndpointVisit(call.reply(outcome), end: -1)
      } catch { return EndpointVisit(.failed(error), end: -1) }
    }

    private init(_ reply: HTTPReply, end: Int64) {
      self.reply = reply
      certificateEnd = UInt64(exactly: end)
    }
  }
#endif
