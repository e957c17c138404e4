/// What somebody may have meant by a word that is not known.
enum Suggestion {
    /// The known word that is nearest, if any is near enough to be meant: at most two edits, and one in three letters.
    static func nearest(to word: String, in known: [String]) -> String? {
        let word = normal(word)
        guard word.count <= 64 else { return nil }
        let near = known.map { (known: $0, distance: distance(word, normal($0))) }
            .filter { $0.distance <= min(2, max(1, word.count / 3)) }
        return near.min { $0.distance < $1.distance }?.known
    }

    /// Case and the choice of `_` or `-` are the commonest slips, and count for nothing.
    private static func normal(_ word: String) -> [Character] {
        Array(word.lowercased().map { $0 == "_" ? "-" : $0 })
    }

    /// Insertions, deletions, replacements and swaps of neighbours from one word to the other.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...other.count)
        for (i, letter) in one.enumerated() {
            var row = [i + 1]
            for (j, letter2) in other.enumerated() {
                var least = min(row[j] + 1, last[j + 1] + 1, last[j] + (letter == letter2 ? 0 : 1))
                if i > 0, j > 0, letter == other[j - 1], one[i - 1] == letter2 { least = min(least, before[j - 1] + 1) }
                row.append(least)
            }
            (before, last) = (last, row)
        }
        return last[other.count]
    }
}
