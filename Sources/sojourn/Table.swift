/// Columns, aligned by their longest cell; cells are ASCII, escaped before they come here.
struct Table {
  private var rows: [[String]]

  init(_ headings: [String]) { rows = [headings] }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  var lines: [String] { lines(widths) }

  private var widths: [Int] {
    (0..<(rows.map { $0.count }.max() ?? 0)).map { column in rows.map { column < $0.count ? $0[column].utf8.count : 0 }.max() ?? 0 }
  }

  /// None wider than `limit`: these columns give way, the first ones first, down to twelve letters each; then the end of the line does.
  func lines(within limit: Int, shrinking columns: [Int]) -> [String] {
    var widths = widths
    for column in columns where column < widths.count {
      let excess = widths.reduce(0, +) + 2 * max(0, widths.count - 1) - limit
      if excess > 0 { widths[column] = max(min(widths[column], 12), widths[column] - excess) }
    }
    return lines(widths).map { Table.cut($0, limit) }
  }

  private func lines(_ widths: [Int]) -> [String] {
    rows.map { row in
      var line = ""
      for (column, whole) in row.enumerated() {
        let cell = Table.cut(whole, widths[column])
        line += cell
        if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.utf8.count + 2) }
      }
      return line
    }
  }

  /// What is cut ends in `~`.
  static func cut(_ text: String, _ width: Int) -> String {
    text.utf8.count <= width ? text : String(decoding: text.utf8.prefix(max(0, width - 1)), as: UTF8.self) + (width > 0 ? "~" : "")
  }
}
