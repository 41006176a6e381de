internal import HostSystem
public import Identity

/// The system group `sojourn`. It is made by the package in /etc/group and looked up there, in the file: the daemon must
/// not ask NSS, which would ask a directory service, or Sojourn itself.
public enum MarkerGroup {
  /// group(5): `name:password:gid:members`. nil if it is missing, or 0.
  public static func gid(in file: String = "/etc/group") -> UInt32? {
    guard let bytes = try? Files.read(file, cap: 16 << 20) else { return nil }
    for line in bytes.split(separator: 10) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count == 4, fields[0].elementsEqual(Places.group.utf8), let gid = ProcessTable.decimal(fields[2]), gid != 0 else { continue }
      return UInt32(exactly: gid)
    }
    return nil
  }
}
