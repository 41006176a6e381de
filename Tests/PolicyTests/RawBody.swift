import Configuration
import Policy
import DaemonProtocol

/// Answers every question with status 200, the right headers and these bytes.
struct RawBody: Transport {
  let body: [UInt8]

  func milliseconds() -> Int64 { 0 }
  mutating func pause(milliseconds: Int64) {}
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String] { [] }
  mutating func token(file: String) throws(PolicyFailure) -> String { "" }
  mutating func post(_ request: HTTPRequest) -> HTTPReply {
    .answered(HTTPAnswer(status: 200, contentType: "application/json", requestIDCount: 1, requestID: request.requestID, retryAfter: nil, body: body))
  }
}
