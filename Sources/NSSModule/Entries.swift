internal import CPlatform.NSS
internal import HostSystem
internal import Identity

/// One walk over a database, between setpwent and endpwent: leases only, never candidates.
struct Entries {
  private var cursor = DirectoryCursor()

  mutating func begin(_ directory: StaticString) -> nss_status {
    answer(nil) { () throws(Absence) in try open(directory) }
  }

  mutating func finish() -> nss_status {
    answer(nil) { () throws(Absence) in cursor.close() }
  }

  /// Gives `fill` the next name. What was withdrawn since its name was read, or is damaged, is passed over: one bad file
  /// must not hide all that come after it. A buffer that was too small leaves the walk where it is.
  mutating func next(_ directory: StaticString, _ fill: (AccountName) throws(Absence) -> Void) throws(Absence) {
    if !cursor.isOpen { try open(directory) }
    while true {
      let entry: StackText<65>?
      do throws(SystemError) { entry = try cursor.current() } catch { throw Absence(error) }
      guard let entry else { throw .nobody }
      if !entry.overflowed, let name = entry.withSpan({ AccountName($0) }) {
        do throws(Absence) {
          try fill(name)
          cursor.advance()
          return
        } catch {
          if case .small = error { throw error }
        }
      }
      cursor.advance()
    }
  }

  private mutating func open(_ directory: StaticString) throws(Absence) {
    do throws(SystemError) { try cursor.open(PathBuffer(directory)) } catch { throw Absence(error) }
  }
}
