internal import HostSystem

/// What a skeleton may cost: a login waits for the copy.
struct SkeletonBudget {
  var entries = 1000
  var bytes: UInt64 = 16 << 20
}

/// Copies a skeleton directory (useradd(8), -k) into a home: files, directories and links; devices, sockets and pipes
/// are left out. By descriptor and without following links, although it is root's directory.
enum Skeleton {
  static func copy(_ source: borrowing FileDescriptor, into target: borrowing FileDescriptor, uid: UInt32, depth: Int,
    budget: inout SkeletonBudget) throws(SystemError) {
    guard depth > 0 else { throw SystemError("mkdirat", code: 40) }
    for name in try DirectoryStream.names(of: source, cap: 10_000) {
      guard let from = DirectoryEntry(source, bytes: name), let to = DirectoryEntry(target, bytes: name) else { continue }
      let facts = try from.facts()
      guard budget.entries > 0 else { throw SystemError("write", code: 27) }
      budget.entries -= 1
      if facts.isRegular {
        // Read within what is left, whatever the size was a moment ago.
        let bytes = try from.open(.file).readAll(cap: Int(clamping: budget.bytes))
        budget.bytes -= UInt64(bytes.count)
        let file = try to.create(mode: 0o600)
        try file.writeAll(bytes)
        // setuid and setgid bits of a skeleton would be the person's own; there is no use for them.
        try file.setOwner(uid: uid, gid: uid)
        try file.setMode(facts.permissions & 0o777)
      } else if facts.isDirectory {
        try to.makeDirectory(mode: 0o700)
        let inner = try to.open(.directory)
        try copy(try from.open(.directory), into: inner, uid: uid, depth: depth - 1, budget: &budget)
        try inner.setOwner(uid: uid, gid: uid)
        try inner.setMode(facts.permissions & 0o777)
      } else if facts.isLink {
        try to.makeLink(to: try from.linkTarget())
        try to.setLinkOwner(uid: uid, gid: uid)
      }
    }
  }
}
