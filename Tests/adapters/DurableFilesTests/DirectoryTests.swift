import DurableFiles
import Faults
import FoundationEssentials
import TestFiles
import Testing

struct DirectoryTests {
    private let files = DurableFiles(calls: RecordingFileSystem())

    @Test func `a folder gets its mode whether it is new or not, and both folders are synced`() throws {
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            try DurableFiles(calls: calls).makeDirectory("\(folder)/a", mode: 0o750)
            #expect(calls.calls.filter { $0.hasPrefix("sync") } == ["sync directory", "sync directory"])
            #expect(try files.status(of: "\(folder)/a")?.mode == 0o750)
            try files.makeDirectory("\(folder)/a", mode: 0o700)
            #expect(try files.status(of: "\(folder)/a")?.mode == 0o700)
            try files.createSymlinkAtomically(target: "a", at: "\(folder)/link")
            let fault = #expect(throws: FileFault.self) { try files.makeDirectory("\(folder)/link", mode: 0o755) }
            #expect(fault?.code == .notDirectory)
            #expect(try files.status(of: "\(folder)/a")?.mode == 0o700)
        }
    }

    @Test func `a folder that nobody looks for yet is not waited for`() throws {
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            let files = DurableFiles(calls: calls)
            try files.stageDirectory("\(folder)/a", mode: 0o750)
            #expect(try files.status(of: "\(folder)/a")?.mode == 0o750)
            try files.stage("\(folder)/a/b", with: [1], mode: 0o600)
            try files.discard("\(folder)/a")
            #expect(try entries(folder) == [])
            #expect(!calls.calls.contains { $0.hasPrefix("sync") })
        }
    }

    @Test func `missing folders are made, existing ones are left alone`() throws {
        try withScratchFolder { folder in
            try files.makeDirectory("\(folder)/a", mode: 0o700)
            try files.makeDirectories("\(folder)/a/b/c", mode: 0o755)
            #expect(try files.status(of: "\(folder)/a")?.mode == 0o700)
            #expect(try files.status(of: "\(folder)/a/b/c")?.mode == 0o755)
        }
    }

    @Test func `a folder is renamed, but not over one with something in it`() throws {
        try withScratchFolder { folder in
            try files.makeDirectories("\(folder)/pending")
            try files.makeDirectories("\(folder)/generations")
            try files.replace("\(folder)/pending/key", with: [1], mode: 0o600)
            let calls = RecordingFileSystem()
            try DurableFiles(calls: calls)
                .renameDirectory("\(folder)/pending", to: "\(folder)/generations/0001")
            #expect(calls.calls.suffix(5) == ["rename", "sync directory", "sync directory", "close", "close"])
            #expect(try entries("\(folder)/generations/0001") == ["key"])
            try files.makeDirectories("\(folder)/pending")
            let fault = #expect(throws: FileFault.self) {
                try files.renameDirectory("\(folder)/pending", to: "\(folder)/generations/0001")
            }
            #expect(fault?.code == .alreadyExists)
        }
    }

    @Test func `a tree is removed without following links out of it`() throws {
        try withScratchFolder { folder in
            try files.makeDirectories("\(folder)/tree/inner")
            try files.makeDirectories("\(folder)/outside")
            try files.replace("\(folder)/outside/kept", with: [1], mode: 0o600)
            try files.createSymlinkAtomically(target: "../outside", at: "\(folder)/tree/way-out")
            try files.replace("\(folder)/tree/inner/file", with: [1], mode: 0o600)
            try files.removeTree("\(folder)/tree")
            try files.removeTree("\(folder)/tree")
            #expect(try entries(folder) == ["outside"])
            #expect(try entries("\(folder)/outside") == ["kept"])
            try files.makeDirectories("\(folder)/deep/" + (0..<20).map { "\($0)" }.joined(separator: "/"))
            let fault = #expect(throws: FileFault.self) { try files.removeTree("\(folder)/deep") }
            #expect(fault?.code == .tooDeep)
        }
    }

    @Test func `a removed file is gone, a link goes without its target`() throws {
        try withScratchFolder { folder in
            try files.replace("\(folder)/kept", with: [1], mode: 0o600)
            try files.createSymlinkAtomically(target: "kept", at: "\(folder)/link")
            try files.removeFile("\(folder)/link")
            try files.removeFile("\(folder)/link")
            #expect(try entries(folder) == ["kept"])
        }
    }

    @Test func `leftovers are not listed, and go when asked`() throws {
        try withScratchFolder { folder in
            for name in [".state.tmp-abc123", ".other.tmp-000000", ".hidden", "state", "x.tmp-abc123"] {
                #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
            }
            #expect(try files.list(folder) == [".hidden", "state", "x.tmp-abc123"])
            try files.replace("\(folder)/state", with: [1], mode: 0o600)
            #expect(try entries(folder) == [".hidden", ".other.tmp-000000", "state", "x.tmp-abc123"])
            try files.removeLeftovers(in: folder)
            #expect(try entries(folder) == [".hidden", "state", "x.tmp-abc123"])
            let fault = #expect(throws: FileFault.self) { try files.list(folder, limit: 2) }
            #expect(fault?.code == .tooLarge)
        }
    }
}
