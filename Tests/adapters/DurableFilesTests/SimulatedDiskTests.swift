import DurableFiles
import Faults
import TestFiles
import Testing

/// What is told of power cuts rests on the simulated disk: it behaves as the kernel's, and forgets by the rules.
struct SimulatedDiskTests {
    /// One step after the other, right and wrong; what each leads to.
    private static let story: [@Sendable (DurableFiles, String) throws -> String] = [
        { files, root in try done(files.makeDirectories("\(root)/a/b", mode: 0o750)) },
        { files, root in try done(files.replace("\(root)/a/b/file", with: [1, 2, 3], mode: 0o640)) },
        { files, root in try done(files.replace("\(root)/a/b/file", with: [4], mode: 0o600)) },
        { files, root in try files.read("\(root)/a/b/file", limit: 10).told },
        { files, root in try files.read("\(root)/a/b/file", limit: 0).told },
        { files, root in try files.read("\(root)/a/b/none", limit: 10).told },
        { files, root in try files.read("\(root)/a/b", limit: 10).told },
        { files, root in try files.read("\(root)/a/b/file/below", limit: 10).told },
        { files, root in try done(files.createSymlinkAtomically(target: "b", at: "\(root)/a/link")) },
        { files, root in try files.read("\(root)/a/link/file", limit: 10).told },
        { files, root in try files.read("\(root)/a/link", limit: 10).told },
        { files, root in try files.list("\(root)/a/link").told },
        { files, root in try files.linkTarget("\(root)/a/link") ?? "nil" },
        { files, root in try files.linkTarget("\(root)/a/b") ?? "nil" },
        { files, root in try done(files.createSymlinkAtomically(target: "nowhere", at: "\(root)/a/link")) },
        { files, root in try files.read("\(root)/a/link/file", limit: 10).told },
        { files, root in try done(files.createSymlinkAtomically(target: "b", at: "\(root)/a/b/file")) },
        { files, root in try done(files.makeDirectory("\(root)/c", mode: 0o755)) },
        { files, root in try done(files.makeDirectory("\(root)/a/b/file", mode: 0o755)) },
        { files, root in try done(files.renameDirectory("\(root)/a/b", to: "\(root)/c")) },
        { files, root in try files.list("\(root)/c").told },
        { files, root in try done(files.makeDirectory("\(root)/a/b", mode: 0o755)) },
        { files, root in try done(files.renameDirectory("\(root)/a/b", to: "\(root)/c")) },
        { files, root in try files.status(of: "\(root)/c/file").map { "\($0.kind) \($0.mode) \($0.size)" } ?? "nil" },
        { files, root in try done(files.removeFile("\(root)/c")) },
        { files, root in try done(files.removeTree("\(root)/c")) },
        { files, root in try done(files.discard("\(root)/none")) },
        { files, root in try files.list("\(root)/a").told },
    ]

    @Test func `it behaves as the kernel's file system`() throws {
        let disk = SimulatedDisk()
        try DurableFiles(calls: disk).makeDirectory("/root", mode: 0o755)
        try withScratchFolder { folder in
            for (index, step) in Self.story.enumerated() {
                let (real, simulated) = (
                    outcome { try step(DurableFiles(), folder) },
                    outcome { try step(DurableFiles(calls: disk), "/root") }
                )
                #expect(real == simulated, "step \(index)")
            }
        }
        #expect(disk.openCount == 0)
    }

    private func outcome(_ body: () throws -> String) -> String {
        do { return try body() } catch { return (error as? FileFault)?.code.rawValue ?? "\(error)" }
    }

    @Test func `a file that was replaced and synced is there, whatever becomes of the rest`() throws {
        let disk = SimulatedDisk()
        let files = DurableFiles(calls: disk)
        try files.replace("/state", with: Array("old".utf8), mode: 0o600)
        disk.mark(1)
        try files.replace("/state", with: Array("new".utf8), mode: 0o600)
        disk.mark(2)
        try files.stage("/staged", with: Array("staged".utf8), mode: 0o644)
        var states: Set<String> = []
        var staged: Set<String> = []
        for cut in PowerCut.all(after: disk.operations, on: disk.base).cuts {
            let files = DurableFiles(calls: SimulatedDisk(cut.image))
            let state = outcome { String(decoding: try files.read("/state", limit: 10), as: UTF8.self) }
            states.insert("\(cut.mark ?? 0) \(state)")
            if cut.mark == 2 { staged.insert(outcome { try files.read("/staged", limit: 10).told }) }
        }
        #expect(states == ["0 missing", "0 old", "1 old", "1 new", "2 new"])
        // What was only staged may be gone, empty, torn or whole.
        #expect(staged.isSuperset(of: ["missing", [UInt8]().told, Array("sta".utf8).told, Array("staged".utf8).told]))
    }
}

extension Array { fileprivate var told: String { "\(self)" } }
/// What a step tells that returns nothing.
private func done(_: Void) -> String { "done" }
