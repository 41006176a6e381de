/// Names whose first uid probe is the same, found by trying: DESIGN 4, `base + FNV-1a64(name) mod size`.
/// Written again here on purpose, so that a change of the product's own arithmetic does not go unnoticed.
enum CollidingNames {
    static let base = 65536
    static let size = 34464

    static func firstProbe(of name: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return base + Int(hash % UInt64(size))
    }

    /// `count` different names with one first probe.
    static func find(_ count: Int, prefix: String = "twin") -> [String] {
        var byProbe: [Int: [String]] = [:]
        var number = 0
        while true {
            let name = "\(prefix)\(number)"
            let probe = firstProbe(of: name)
            byProbe[probe, default: []].append(name)
            if let names = byProbe[probe], names.count == count { return names }
            number += 1
        }
    }
}
