internal import CPlatform.System
internal import HostSystem
internal import Identity

/// What the lease of a uid says that its shell is. Both files must be root's: the account's line, which goes last when a
/// lease ends, and the shell's.
enum LeaseShell {
  /// There is no lease.
  case none
  case damaged
  /// The shell is this very program, which would start itself for ever.
  case gate
  /// An absolute path.
  case path(PathBuffer)

  static func of(uid: UInt32) -> LeaseShell {
    do throws(SystemError) {
      let account = try StackText<1025>(contentsOf: place(ProjectionPlaces.passwdByUID, uid))
      guard account.withSpan({ PasswdLine($0)?.uid == uid }) else { return .damaged }
      let line = try PathBuffer(contentsOf: place(ProjectionPlaces.shell, uid))
      guard let path = absolutePath(line) else { return .damaged }
      return path.isThisProgram ? .gate : .path(path)
    } catch {
      return error.isMissing ? .none : .damaged
    }
  }

  private static func place(_ directory: StaticString, _ uid: UInt32) -> PathBuffer {
    var path = PathBuffer(directory)
    path.append("/")
    path.append(decimal: uid)
    return path
  }

  /// The file's one line without its newline, if it can be a program's path.
  private static func absolutePath(_ line: PathBuffer) -> PathBuffer? {
    guard line.count >= 3, line[0] == 47, line[line.count - 1] == 10 else { return nil }
    var path = PathBuffer()
    for i in 0..<(line.count - 1) {
      guard line[i] >= 32, line[i] != 127 else { return nil }
      path.append(line[i])
    }
    return path.overflowed ? nil : path
  }
}

extension PathBuffer {
  /// Does the path lead, through whatever links, to the program that runs now? Also yes if that cannot be told from what
  /// /proc says, because then a loop could not be excluded.
  var isThisProgram: Bool {
    guard let own = PathBuffer("/proc/self/exe").identity else { return true }
    guard let other = identity else { return false }
    return own.device == other.device && own.inode == other.inode
  }

  private var identity: (device: UInt64, inode: UInt64)? {
    // SAFETY: `withCString` lends a C string for the call.
    let fd = unsafe withCString { unsafe sojourn_openat(AT_FDCWD, $0, sojourn_o_path, 0) }
    guard fd >= 0 else { return nil }
    let descriptor = FileDescriptor(owning: fd)
    do throws(SystemError) {
      let facts = try descriptor.facts()
      return (facts.device, facts.inode)
    } catch {
      return nil
    }
  }
}
