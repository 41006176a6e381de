public import Configuration
internal import HostSystem

/// The real world: libcurl, boot clock, the daemon's published addresses, the host's token file.
public struct CurlTransport: Transport {
  /// Read at the first endpoint that needs it.
  private var published: EndpointAddresses?

  public init() {}

  /// With addresses that are not the daemon's: for who looks them up itself.
  public init(addresses: EndpointAddresses) { published = addresses }

  public func milliseconds() -> Int64 { CurlTransport.now() }

  /// Milliseconds since boot, suspend included; -1 if the clock cannot be read.
  static func now() -> Int64 {
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

  public mutating func post(_ request: HTTPRequest) -> HTTPReply {
    do throws(PolicyFailure) { return try HTTPCall(request).post() } catch { return .failed(error) }
  }
}
