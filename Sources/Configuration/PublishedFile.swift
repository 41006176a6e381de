internal import Encoding
internal import HostSystem
internal import Identity

/// Why there is no configuration to go by.
public enum ConfigurationUnavailable: Error, Sendable {
  /// Nothing was ever published here: Sojourn is installed but not set up.
  case neverPublished
  /// It was published before, but this boot has none yet: the daemon has not come up.
  case notThisBoot
  /// It is there and cannot be believed; why, for the log.
  case unusable(String)
}

extension PublishedConfiguration {
  /// Reads the file that `sojourn apply` published for this boot.
  public static func current() throws(ConfigurationUnavailable) -> PublishedConfiguration {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try Files.readTrusted(Places.publishedConfiguration, cap: cap)
    } catch {
      guard error.isMissing else { throw .unusable(error.sentence) }
      throw Files.exists(Places.lastGoodConfiguration) ? .notThisBoot : .neverPublished
    }
    return try parse(bytes)
  }

  /// What was in force before this boot; nil if it cannot be had. For telling whose a certificate is, never for letting in.
  public static func lastGood() -> PublishedConfiguration? {
    do throws(SystemError) {
      let bytes = try Files.readTrusted(Places.lastGoodConfiguration, cap: cap)
      do throws(ConfigurationUnavailable) { return try parse(bytes) } catch { return nil }
    } catch { return nil }
  }

  /// Takes the file's bytes; `unusable` says what is wrong with them.
  public static func parse(_ bytes: [UInt8]) throws(ConfigurationUnavailable) -> PublishedConfiguration {
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue.parse(bytes) } catch { throw .unusable("not JSON: " + error.reason) }
    do throws(MemberError) { return try PublishedConfiguration(json: json) } catch { throw .unusable(error.sentence) }
  }
}
