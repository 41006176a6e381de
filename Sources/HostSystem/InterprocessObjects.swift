internal import CPlatform.System

/// System V shared memory, semaphores and message queues (sysvipc(7)): they live on without any process.
public struct InterprocessObject: Sendable {
  public enum Kind: Sendable, CaseIterable {
    case memory, semaphores, queue

    var file: String {
      switch self {
      case .memory: "/proc/sysvipc/shm"
      case .semaphores: "/proc/sysvipc/sem"
      case .queue: "/proc/sysvipc/msg"
      }
    }
    var number: CInt {
      switch self {
      case .memory: 0
      case .semaphores: 1
      case .queue: 2
      }
    }
  }

  public let kind: Kind
  public let id: CInt

  /// Those whose owner or creator the uid is. The columns are found by their names in the first line.
  /// - Throws: if one of the tables cannot be read, or is too long; a kernel without them has none.
  public static func of(_ uid: UInt32) throws(SystemError) -> [InterprocessObject] {
    var found: [InterprocessObject] = []
    for kind in Kind.allCases {
      let bytes: [UInt8]
      do throws(SystemError) { bytes = try Files.read(kind.file, cap: 64 << 20) } catch {
        if error.isMissing { continue }
        throw error
      }
      let lines = bytes.split(separator: 10)
      guard let names = lines.first?.split(separator: 32) else { continue }
      let owners = names.indices.filter { names[$0].elementsEqual("uid".utf8) || names[$0].elementsEqual("cuid".utf8) }
      for line in lines.dropFirst() {
        let fields = line.split(separator: 32)
        guard fields.count == names.count, fields.count > 1, let id = ProcessTable.decimal(fields[1]).flatMap({ CInt(exactly: $0) }),
          owners.contains(where: { ProcessTable.decimal(fields[$0]) == UInt64(uid) })
        else { continue }
        found.append(InterprocessObject(kind: kind, id: id))
      }
    }
    return found
  }

  public func remove() throws(SystemError) {
    guard sojourn_remove_ipc(kind.number, id) == 0 else { throw .last("IPC_RMID") }
  }
}
