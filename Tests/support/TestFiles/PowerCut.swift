/// What a disk may hold after the power went, by the rules that POSIX and the file systems of Linux keep, and by none that
/// they do not:
///
/// - fsync(2) of a file makes its content, mode and owner durable, not its name; fsync(2) of a folder makes the names in
///   it durable, not what they stand for.
/// - A rename takes place or does not, also from folder to folder; it is durable once the folder of the new name is
///   synced.
/// - Whatever else was done may be there or not, each by itself: names without the data, data without the names, later
///   changes without earlier ones. Data may be there in part, and what is not may be zeros or what lay there before.
package struct PowerCut: Sendable {
    package let image: DiskImage
    /// How many operations had been asked for.
    package let prefix: Int
    /// The last thing that had happened outside; nil where nothing had.
    package let mark: Int?
    /// What became of what was not synced, for people.
    package let fate: String

    /// Every disk that a power cut can leave behind, after each of the operations; those that no process can tell apart
    /// once.
    ///
    /// - Returns: the disks, how many prefixes there were, and how many cases before equal ones were left out.
    package static func all(
        after operations: [DiskOperation], on base: DiskImage
    ) -> (cuts: [PowerCut], prefixes: Int, cases: Int) {
        struct Seen: Hashable {
            let tree: Set<DiskImage.Entry>
            let mark: Int?
        }
        var seen: Set<Seen> = []
        var cuts: [PowerCut] = []
        var cases = 0
        for prefix in 0...operations.count {
            let done = operations[..<prefix]
            let mark = done.reversed().lazy.compactMap { if case .mark(let number) = $0 { number } else { nil } }.first
            for (fate, losses) in Loss.all(of: pending(done)) {
                cases += 1
                let image = losses.image(after: done, on: base)
                guard seen.insert(Seen(tree: image.tree, mark: mark)).inserted else { continue }
                cuts.append(PowerCut(image: image, prefix: prefix, mark: mark, fate: fate))
            }
        }
        return (cuts, operations.count + 1, cases)
    }

    /// The changes, by index, that nothing has made durable.
    private static func pending(_ done: ArraySlice<DiskOperation>) -> [Int: DiskOperation] {
        var pending: [Int: DiskOperation] = [:]
        for (index, operation) in done.enumerated() {
            if case .sync(let inode) = operation {
                pending = pending.filter { $0.value.durableWith != inode }
            } else if operation.subject != nil {
                pending[index] = operation
            }
        }
        return pending
    }
}

/// What becomes of changes that were not synced: those that are gone, and those whose data is there in part.
private struct Loss {
    enum Tear: String, CaseIterable { case half, zeros, garbage }

    var gone: Set<Int> = []
    var torn: [Int: Tear] = [:]

    /// Each systematic way to lose some of them: all, none, all data of names that are there, all names but one and one
    /// but all, and the same for the data and the attributes of each file.
    static func all(of pending: [Int: DiskOperation]) -> [(fate: String, loss: Loss)] {
        let indices = pending.keys.sorted()
        let all = Set(indices)
        var names: [Int] = []
        var subjects: [DiskOperation.Subject: Set<Int>] = [:]
        for index in indices {
            guard let subject = pending[index]?.subject else { continue }
            if case .name = subject { names.append(index) } else { subjects[subject, default: []].insert(index) }
        }
        let data = Set(subjects.filter { if case .data = $0.key { true } else { false } }.flatMap(\.value))
        let attributes = all.subtracting(data).subtracting(names)
        func torn(_ indices: Set<Int>, _ tear: Tear) -> [Int: Tear] {
            Dictionary(uniqueKeysWithValues: indices.map { ($0, tear) })
        }
        var fates = [
            ("nothing unsynced is there", Loss(gone: all)), ("everything unsynced is there", Loss()),
            ("names without data", Loss(gone: data)), ("names without modes", Loss(gone: attributes)),
            ("names alone", Loss(gone: data.union(attributes))), ("data without names", Loss(gone: Set(names))),
        ]
        for tear in Tear.allCases { fates.append(("names with data torn: \(tear)", Loss(torn: torn(data, tear)))) }
        for index in names {
            let others = Set(names).subtracting([index])
            fates += [
                ("name \(index) alone", Loss(gone: others)), ("all but name \(index)", Loss(gone: [index])),
                ("name \(index) alone and without data", Loss(gone: others.union(data))),
            ]
        }
        for (subject, own) in subjects {
            fates += [
                ("all but \(subject)", Loss(gone: own)), ("names and \(subject)", Loss(gone: data.subtracting(own))),
            ]
            guard case .data = subject else { continue }
            for tear in Tear.allCases { fates.append(("\(subject) torn: \(tear)", Loss(torn: torn(own, tear)))) }
        }
        return fates
    }

    func image(after done: ArraySlice<DiskOperation>, on base: DiskImage) -> DiskImage {
        var image = base
        for (index, operation) in done.enumerated() {
            guard gone.contains(index) else {
                image.apply(torn[index].map { operation.torn($0) } ?? operation)
                continue
            }
            // The inode of a name that is gone may have another.
            if case .make(let inode, let content, let mode, let owner, let group, _, _) = operation {
                image.declare(inode, content, mode: mode, owner: owner, group: group)
            }
        }
        return image
    }
}

extension DiskOperation {
    fileprivate func torn(_ tear: Loss.Tear) -> DiskOperation {
        guard case .write(let inode, let offset, let bytes) = self else { return self }
        // A structure of the right length may still read well without its last bytes.
        let kept = Array(tear == .garbage ? bytes.dropLast(16) : bytes.prefix(bytes.count / 2))
        let lost = bytes.count - kept.count
        return switch tear {
        case .half: .write(inode, offset: offset, bytes: kept)
        case .zeros: .write(inode, offset: offset, bytes: kept + [UInt8](repeating: 0, count: lost))
        case .garbage: .write(inode, offset: offset, bytes: kept + [UInt8](repeating: 0xA5, count: lost))
        }
    }
}
