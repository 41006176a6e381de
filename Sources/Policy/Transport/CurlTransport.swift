internal import CPlatform.Curl
public import Configuration
internal import Encoding
internal import HostSystem

/// The real world: libcurl, boot clock, the daemon's published addresses, the host's token file.
public struct CurlTransport: Transport {
  /// Read at the first endpoint that needs it.
  private var published: EndpointAddresses?

  public init() {}

  /// With addresses that are not the daemon's: for who looks them up itself.
  public init(addresses: EndpointAddresses) { published = addresses }

  public func milliseconds() -> Int64 {
    let boot = Moment.now().boot
    return boot < 0 ? -1 : boot / 1_000_000
  }

  public mutating func pause(milliseconds: Int64) { Pause.milliseconds(Int32(clamping: milliseconds)) }

  public mutating func addresses(of endpoint: PolicyEndpoint) -> [String] {
    let known = published ?? EndpointAddresses.current()
    published = known
    return known.addresses(of: endpoint.host, port: endpoint.port)
  }

  public mutating func token(file: String) throws(PolicyFailure) -> String { try TokenFile.read(file) }

  // SAFETY: the call lives until it is freed at the end, everything it hands out is copied before that, and every
  // pointer into Swift storage is valid for its count while the C function runs, which keeps none of them.
  public mutating func post(_ request: HTTPRequest) -> HTTPReply {
    var why = [CChar](repeating: 0, count: 256)
    let made = unsafe why.withUnsafeMutableBufferPointer { buffer -> OpaquePointer? in
      guard let base = buffer.baseAddress else { return nil }
      return unsafe sojourn_http_new(base, buffer.count)
    }
    guard let call = unsafe made else {
      return .failed(.noLibrary(Escape.visible(why.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, limit: 256)))
    }
    defer { unsafe sojourn_http_free(call) }
    unsafe CurlTransport.fill(call, request)
    let span = Int(clamping: max(1, min(request.milliseconds, 600_000)))
    let outcome = unsafe request.body.withUnsafeBytes { body -> sojourn_http_outcome in
      guard let base = body.baseAddress else { return SOJOURN_HTTP_BROKEN }
      return unsafe sojourn_http_post(call, base, body.count, span, span, HTTPAnswer.cap, request.isPlain ? 1 : 0, request.isLiteral ? 1 : 0)
    }
    guard outcome == SOJOURN_HTTP_ANSWERED else {
      return unsafe .failed(CurlTransport.failure(outcome, String(cString: sojourn_http_detail(call)), host: request.host))
    }
    return unsafe .answered(CurlTransport.answer(of: call))
  }

  // SAFETY: the caller's call is alive; libcurl copies every text (curl_easy_setopt(3), curl_slist_append(3)).
  private static func fill(_ call: OpaquePointer, _ request: HTTPRequest) {
    unsafe set(call, SOJOURN_HTTP_URL, request.url)
    unsafe set(call, SOJOURN_HTTP_CA_FILE, request.caFile)
    if let certificate = request.clientCertificate { unsafe set(call, SOJOURN_HTTP_CLIENT_CERTIFICATE, certificate) }
    if let key = request.clientKey { unsafe set(call, SOJOURN_HTTP_CLIENT_KEY, key) }
    unsafe set(call, SOJOURN_HTTP_HEADER, "Content-Type: application/json")
    unsafe set(call, SOJOURN_HTTP_HEADER, "Accept: application/json")
    unsafe set(call, SOJOURN_HTTP_HEADER, "X-Request-ID: " + request.requestID)
    unsafe set(call, SOJOURN_HTTP_HEADER, "User-Agent: " + request.userAgent)
    if let token = request.bearerToken { unsafe set(call, SOJOURN_HTTP_HEADER, "Authorization: Bearer " + token) }
    if !request.addresses.isEmpty {
      var entry = request.host + ":\(request.port):"
      for (index, address) in request.addresses.enumerated() {
        if index > 0 { entry += "," }
        entry += AddressLiteral.isIPv6(address) ? "[" + address + "]" : address
      }
      unsafe set(call, SOJOURN_HTTP_RESOLVE, entry)
    }
  }

  // SAFETY: as in `fill`. A text that is not taken makes the post fail, so the result needs no look here.
  private static func set(_ call: OpaquePointer, _ what: sojourn_http_text, _ value: String) {
    _ = unsafe sojourn_http_set(call, what, value)
  }

  // SAFETY: everything is copied while the caller's call is alive; header values are NUL-terminated in their arrays.
  private static func answer(of call: OpaquePointer) -> HTTPAnswer {
    var count = 0
    var body: [UInt8] = []
    if let start = unsafe sojourn_http_body(call, &count) { body = unsafe Array(UnsafeBufferPointer(start: start, count: count)) }
    let retryAfter = unsafe sojourn_http_retry_after(call)
    let types = unsafe sojourn_http_header_count(call, SOJOURN_HTTP_CONTENT_TYPE)
    return unsafe HTTPAnswer(
      status: sojourn_http_status(call),
      contentType: types == 1 ? String(cString: sojourn_http_header_value(call, SOJOURN_HTTP_CONTENT_TYPE)) : nil,
      requestIDCount: Int(sojourn_http_header_count(call, SOJOURN_HTTP_REQUEST_ID)),
      requestID: String(cString: sojourn_http_header_value(call, SOJOURN_HTTP_REQUEST_ID)),
      retryAfter: retryAfter < 0 ? nil : Int64(retryAfter),
      body: body)
  }

  private static func failure(_ outcome: sojourn_http_outcome, _ detail: String, host: String) -> PolicyFailure {
    let text = Escape.visible(detail, limit: 256)
    switch outcome {
    case SOJOURN_HTTP_NO_LIBRARY: return .noLibrary(text)
    case SOJOURN_HTTP_TIMED_OUT: return .timedOut(text)
    case SOJOURN_HTTP_UNREACHABLE: return .unreachable(text)
    case SOJOURN_HTTP_NOT_RESOLVED: return .notResolved(Escape.visible(host, limit: 256))
    case SOJOURN_HTTP_TLS: return .tls(text)
    case SOJOURN_HTTP_TOO_LARGE: return .tooLarge
    default: return .broken(text)
    }
  }
}
