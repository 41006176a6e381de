internal import CPlatform.System
internal import HostSystem

/// What libc says of a name and a number to every program of this host.
enum CommonAnswers {
  /// - Returns: false if one of them could not be asked for.
  static func look(_ name: String, _ uid: UInt32, _ answer: inout Answer) -> Bool {
    for isGroup in [false, true] {
      for asked in [name, nil] {
        var line = [CChar](repeating: 0, count: 1024)
        // SAFETY: the pointer is the array's own storage, whose count is passed; the temporary C string lives across the call.
        let found = unsafe line.withUnsafeMutableBufferPointer { buffer -> CInt in
          guard let base = buffer.baseAddress else { return -1 }
          return unsafe sojourn_name_line(isGroup ? 1 : 0, asked, uid, base, buffer.count)
        }
        guard found >= 0 else { return false }
        if found == 1 { answer.line("answer " + String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)) }
      }
    }
    return true
  }
}
