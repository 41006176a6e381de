internal import Credentials
internal import HostSystem
internal import Readiness

extension SettingsReader {
  /// `certificate.revoked`: the lists' paths, once every one of them is understood to its end.
  mutating func revocationLists(_ files: HostFiles) -> [String] {
    let paths = strings("certificate", "revoked")
    guard paths.isSound, !paths.value.isEmpty else { return [] }
    guard paths.value.count <= RevocationFiles.most else {
      fault(paths, "names \(paths.value.count) lists; expected at most \(RevocationFiles.most)")
      return []
    }
    for (index, path) in paths.value.enumerated() {
      if !SafePath.isPlain(path) {
        fault(paths, "'\(path)' is no plain absolute path")
        return []
      }
      if paths.value[..<index].contains(where: { $0.utf8.elementsEqual(path.utf8) }) {
        fault(paths, "\(path) stands there twice; expected every list once")
        return []
      }
    }
    do throws(RevocationFault) { revocations = try RevocationFiles.form(paths.value, files) } catch { fault(paths, error.detail) }
    return paths.value
  }
}
