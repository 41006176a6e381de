internal import CPlatform.System

extension FileDescriptor {
  /// Up to `count` bytes from that place on, wherever the descriptor stands (pread(2)); fewer only at the end of the file.
  public func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
    guard let start = Int(exactly: offset), start <= Int.max - max(count, 0) else { throw SystemError("pread", code: EINVAL) }
    var bytes = [UInt8](repeating: 0, count: max(count, 0))
    var done = 0
    while done < bytes.count {
      // SAFETY: base + done stays inside the array's storage, and count - done is what is left of it.
      let got = unsafe bytes.withUnsafeMutableBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe pread(raw, base + done, buffer.count - done, start + done)
      }
      if got < 0 {
        let error = SystemError.last("pread")
        if error.isInterrupted { continue }
        throw error
      }
      if got == 0 {
        bytes.removeLast(bytes.count - done)
        break
      }
      done += got
    }
    return bytes
  }
}

extension SystemError {
  /// Not root's, or others can write it (EPERM).
  public static var untrusted: SystemError { SystemError("open", code: EPERM) }
}
