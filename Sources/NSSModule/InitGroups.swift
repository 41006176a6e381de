public import CPlatform.NSS
internal import HostSystem
internal import Identity

// The supplementary groups of an account: what its lease grants, or, for a candidate, the group `sojourn` alone, so that
// sshd's `Match Group` and `AllowGroups` can name them before there is a lease.

@c @implementation
public func _nss_sojourn_initgroups_dyn(
  _ user: UnsafePointer<CChar>!, _ skip: gid_t, _ start: UnsafeMutablePointer<Int>!, _ size: UnsafeMutablePointer<Int>!,
  _ groups: UnsafeMutablePointer<UnsafeMutablePointer<gid_t>?>!, _ limit: Int, _ errnop: UnsafeMutablePointer<CInt>!
) -> nss_status {
  unsafe answer(errnop) { () throws(Absence) in
    guard let start = unsafe start, let size = unsafe size, let groups = unsafe groups else { throw .damaged }
    let name = try unsafe asked(user)
    let before = unsafe start.pointee
    let list = unsafe GroupArray(start: start, size: size, groups: groups, skip: skip, limit: limit)
    do throws(Absence) {
      try list.append(groupsOf: name)
    } catch {
      // All of them or none: half a line is no grant.
      unsafe start.pointee = before
      throw error
    }
  }
}

/// The array that glibc passes around among the sources, with the primary group in front.
// SAFETY: glibc says that `size` gids are allocated at `groups` with malloc(3), and that `start` of them are set.
@safe
private struct GroupArray {
  let start: UnsafeMutablePointer<Int>
  let size: UnsafeMutablePointer<Int>
  let groups: UnsafeMutablePointer<UnsafeMutablePointer<gid_t>?>
  let skip: gid_t
  /// The most gids that are wanted; none if it is not positive.
  let limit: Int

  /// glibc merges the groups that all sources give, ours too for a name that an earlier source has (root!). So nobody is
  /// made a candidate here: the process has been told of one by passwd, which is asked of us only if no other source has
  /// the name, or this is not our account.
  func append(groupsOf name: AccountName) throws(Absence) {
    if let file = try GroupArray.memberFile(of: name) { return try append(file) }
    if let kept = Slot.candidate(named: name) { return try append(kept.group) }
    try Published.check(ProjectionPlaces.member)
    throw .nobody
  }

  private static func memberFile(of name: AccountName) throws(Absence) -> TrustedFile? {
    do throws(SystemError) {
      return try TrustedFile(Published.path(ProjectionPlaces.member, name))
    } catch {
      guard error.isMissing else { throw Absence(error) }
      return nil
    }
  }

  /// Read in pieces: 64 KiB do not belong on a foreign stack.
  private func append(_ file: consuming TrustedFile) throws(Absence) {
    var line = MemberLine()
    var chunk = InlineArray<512, UInt8>(repeating: 0)
    while true {
      let got: Int
      do throws(SystemError) { got = try file.read(into: &chunk) } catch { throw Absence(error) }
      guard got > 0 else { break }
      for i in 0..<min(got, 512) {
        switch line.take(chunk[i]) {
        case .goOn: continue
        case .gid(let gid): try append(gid)
        case .damaged: throw .damaged
        }
      }
    }
    guard line.isWhole else { throw .damaged }
  }

  /// Appends the gid unless it is there already. At the limit the rest is left out, as glibc's own sources do
  /// (nss_files: initgroups).
  private func append(_ gid: gid_t) throws(Absence) {
    guard gid != skip, let array = unsafe groups.pointee else { return }
    let count = unsafe start.pointee
    let room = unsafe size.pointee
    // SAFETY: glibc has set the first `start` elements.
    for i in 0..<max(count, 0) where unsafe array[i] == gid { return }
    if count >= room {
      guard limit <= 0 || room < limit else { return }
      let (twice, over) = max(room, 1).multipliedReportingOverflow(by: 2)
      guard !over, let larger = unsafe sojourn_grow_groups(array, limit > 0 ? min(limit, twice) : twice) else { throw .unavailable(ENOMEM) }
      unsafe groups.pointee = larger
      unsafe size.pointee = limit > 0 ? min(limit, twice) : twice
    }
    // SAFETY: count < size, just seen to.
    unsafe groups.pointee?[count] = gid
    unsafe start.pointee = count + 1
  }
}
