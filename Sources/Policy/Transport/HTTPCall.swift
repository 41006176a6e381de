internal import CPlatform.Curl
internal import Configuration
internal import Encoding
internal import DaemonProtocol

/// One call of libcurl's, filled with what a request asks for.
@safe struct HTTPCall: ~Copyable {
  let raw: OpaquePointer
  private let request: HTTPRequest

  // SAFETY: the pointer is the array's own storage, whose count is passed; the text in it ends in NUL.
  init(_ request: HTTPRequest) throws(PolicyFailure) {
    var why = [CChar](repeating: 0, count: 256)
    let made = unsafe why.withUnsafeMutableBufferPointer { buffer -> OpaquePointer? in
      guard let base = buffer.baseAddress else { return nil }
      return unsafe sojourn_http_new(base, buffer.count)
    }
    guard let made = unsafe made else { throw .noLibrary(HTTPCall.text(why)) }
    unsafe raw = unsafe made
    self.request = request
    fill()
  }

  // SAFETY: nobody else holds the call; one that is in a pool is taken out of it first (see HTTPPool).
  deinit { unsafe sojourn_http_free(raw) }

  /// Bytes before the first NUL.
  static func text(_ characters: [CChar]) -> String { Escape.visible(characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, limit: 256) }

  /// Waits for it, over a connection of its own.
  // SAFETY: the pointer is the array's own storage, whose count is passed.
  func post() -> HTTPReply {
    reply(unsafe request.body.withUnsafeBytes { body -> sojourn_http_outcome in
      guard let base = body.baseAddress else { return SOJOURN_HTTP_BROKEN }
      return unsafe sojourn_http_post(raw, base, body.count, milliseconds, HTTPAnswer.cap, request.isPlain ? 1 : 0, request.isLiteral ? 1 : 0)
    })
  }

  /// Begins it in a pool; the pool is told when it ends. False: it cannot begin.
  // SAFETY: as in `post`; the caller's pool is alive, and takes the call out before this value is gone.
  func begin(in pool: OpaquePointer, isFresh: Bool) -> Bool {
    // Of an empty body there is no address; its count says that it is none.
    unsafe (request.body.isEmpty ? [0] : request.body).withUnsafeBytes { body -> Bool in
      guard let base = body.baseAddress else { return false }
      return unsafe sojourn_pool_begin(pool, raw, base, request.body.count, milliseconds, HTTPAnswer.cap, request.isPlain ? 1 : 0, request.isLiteral ? 1 : 0,
        isFresh ? 1 : 0) != 0
    }
  }

  private var milliseconds: Int { Int(clamping: max(1, min(request.milliseconds, 600_000))) }

  private func fill() {
    set(SOJOURN_HTTP_URL, request.url)
    if !request.socket.utf8.isEmpty { set(SOJOURN_HTTP_SOCKET, request.socket) }
    set(SOJOURN_HTTP_CA_FILE, request.caFile)
    if let certificate = request.clientCertificate { set(SOJOURN_HTTP_CLIENT_CERTIFICATE, certificate) }
    if let key = request.clientKey { set(SOJOURN_HTTP_CLIENT_KEY, key) }
    set(SOJOURN_HTTP_HEADER, "Content-Type: application/json")
    set(SOJOURN_HTTP_HEADER, "Accept: application/json")
    set(SOJOURN_HTTP_ID, request.requestID)
    set(SOJOURN_HTTP_HEADER, "User-Agent: " + request.userAgent)
    if let key = request.idempotencyKey { set(SOJOURN_HTTP_HEADER, "Idempotency-Key: " + key) }
    if let token = request.bearerToken { set(SOJOURN_HTTP_HEADER, "Authorization: Bearer " + token) }
    if !request.addresses.isEmpty {
      var entry = request.host + ":\(request.port):"
      for (index, address) in request.addresses.enumerated() {
        if index > 0 { entry += "," }
        entry += AddressLiteral.isIPv6(address) ? "[" + address + "]" : address
      }
      set(SOJOURN_HTTP_RESOLVE, entry)
    }
  }

  // SAFETY: libcurl copies every text (curl_easy_setopt(3), curl_slist_append(3)). One that is not taken makes the post
  // fail, so the result needs no look here.
  private func set(_ what: sojourn_http_text, _ value: String) { _ = unsafe sojourn_http_set(raw, what, value) }

  /// What came of it.
  // SAFETY: everything is copied while the call is alive; header values are NUL-terminated in their arrays.
  func reply(_ outcome: sojourn_http_outcome) -> HTTPReply {
    guard outcome == SOJOURN_HTTP_ANSWERED else { return unsafe .failed(failure(outcome, String(cString: sojourn_http_detail(raw)))) }
    var count = 0
    var body: [UInt8] = []
    if let start = unsafe sojourn_http_body(raw, &count) { body = unsafe Array(UnsafeBufferPointer(start: start, count: count)) }
    let retryAfter = unsafe sojourn_http_retry_after(raw)
    let types = unsafe sojourn_http_header_count(raw, SOJOURN_HTTP_CONTENT_TYPE)
    return unsafe .answered(HTTPAnswer(
      status: sojourn_http_status(raw),
      contentType: types == 1 ? String(cString: sojourn_http_header_value(raw, SOJOURN_HTTP_CONTENT_TYPE)) : nil,
      requestIDCount: Int(sojourn_http_header_count(raw, SOJOURN_HTTP_REQUEST_ID)),
      requestID: String(cString: sojourn_http_header_value(raw, SOJOURN_HTTP_REQUEST_ID)),
      retryAfter: retryAfter < 0 ? nil : Int64(retryAfter),
      body: body))
  }

  private func failure(_ outcome: sojourn_http_outcome, _ detail: String) -> PolicyFailure {
    let text = Escape.visible(detail, limit: 256)
    switch outcome {
    case SOJOURN_HTTP_NO_LIBRARY: return .noLibrary(text)
    case SOJOURN_HTTP_TIMED_OUT: return .timedOut(text)
    case SOJOURN_HTTP_UNREACHABLE: return .unreachable(text)
    case SOJOURN_HTTP_NOT_RESOLVED: return .notResolved(HTTPRequest.noAddress(of: request.host))
    case SOJOURN_HTTP_TLS: return .tls(text)
    case SOJOURN_HTTP_TOO_LARGE: return .tooLarge
    default: return .broken(text)
    }
  }
}
