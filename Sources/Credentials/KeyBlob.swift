internal import Encoding

/// The beginning of every key in the SSH wire format.
enum KeyBlob {
  /// The first string of the blob; empty if there is none.
  static func typeName(_ blob: [UInt8]) -> [UInt8] {
    var cursor = ByteCursor(0..<blob.count)
    do throws(WireError) { return blob.span.copy(try cursor.string(blob.span)) } catch { return [] }
  }

  /// A type's name for people; it comes from outside.
  static func shownType(_ name: [UInt8]) -> String { name.isEmpty ? "(empty)" : Escape.visible(name, limit: 64) }

}
