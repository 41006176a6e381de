internal import Encoding

/// The two forms in which OPA's data API takes a question (OPA, REST API, "Data API"); the path of the URL chooses.
public enum OPARoute: Sendable {
  /// `/v0/data/…`: the body is the input, the answer is the document.
  case bare
  /// `/v1/data/…`: `{"input": …}` and `{"result": …}`.
  case wrapped

  /// nil: the URL's path is neither, or names no document.
  public init?(url: String) {
    let path = OPARoute.path(of: url)
    if OPARoute.names(path, below: "/v0/data/") {
      self = .bare
    } else if OPARoute.names(path, below: "/v1/data/") {
      self = .wrapped
    } else {
      return nil
    }
  }

  private static func names(_ path: [UInt8], below prefix: String) -> Bool {
    path.starts(with: prefix.utf8) && path.count > prefix.utf8.count
  }

  /// From the first `/` after `//` up to a query; of `unix:/SOCKET:/PATH` what stands after the socket.
  private static func path(of url: String) -> [UInt8] {
    let bytes = Array(url.utf8)
    let unix = "unix:"
    if url.begins(with: unix) { return Array(bytes.dropFirst(unix.utf8.count).drop { $0 != 58 }.dropFirst().prefix { $0 != 63 && $0 != 35 }) }
    var at = 0
    while at + 2 < bytes.count, !(bytes[at] == 58 && bytes[at + 1] == 47 && bytes[at + 2] == 47) { at += 1 }
    return Array(bytes.dropFirst(at + 3).prefix { $0 != 63 && $0 != 35 }.drop { $0 != 47 })
  }
}
