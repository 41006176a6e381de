/// The FUSE connections of this host, as the kernel's control file system shows them (Documentation/filesystems/fuse.rst, "Control
/// filesystem"): a directory each, owned by who mounted it, in whatever namespace.
public enum FuseConnections {
  private static let place = "/sys/fs/fuse/connections"

  /// Breaks off those of that user. A process that waits for an answer which never comes cannot be killed before, and whoever else
  /// was given the connection's descriptor could hold it up for ever.
  /// - Returns: how many.
  public static func abort(of uid: UInt32) -> Int {
    ((try? Files.names(in: place)) ?? []).count { name in
      let directory = place + "/" + name
      guard let facts = try? Files.facts(directory), facts.isDirectory, facts.uid == uid else { return false }
      guard let file = try? FileDescriptor.open(directory + "/abort", .write) else { return false }
      return (try? file.writeAll([UInt8(ascii: "1")])) != nil
    }
  }
}
