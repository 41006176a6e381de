internal import Configuration
internal import HostSystem
internal import Identity

/// What NSS tells sshd of a name that nobody has (NSSModule/Candidate), for a program that looks names up only after it let
/// somebody in, and so must hear nothing before.
enum Candidacy {
  static func entry(of name: AccountName, _ rules: AccountRules) -> PasswordEntry? {
    let text = Array(name.text.utf8)
    guard rules.admits(name), let uid = rules.range.uid(of: name, owner: { owner(of: $0, text) }) else { return nil }
    return PasswordEntry(name: text, uid: uid, gid: uid, home: rules.homeRoot + "/" + name.text, shell: Places.gateShell)
  }

  /// The registry's link names the owner of a uid. What cannot be read is somebody else's.
  private static func owner(of uid: UInt32, _ name: [UInt8]) -> UIDRange.Owner {
    do throws(SystemError) {
      return try Files.linkTarget(Places.uids + "/\(uid)").elementsEqual(name) ? .this : .other
    } catch { return error.isMissing ? .nobody : .other }
  }
}
