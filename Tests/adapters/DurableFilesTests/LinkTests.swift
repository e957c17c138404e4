import DurableFiles
import Faults
import TestFiles
import Testing

struct LinkTests {
    private let files = DurableFiles(calls: RecordingFileSystem())

    @Test func `a link that fails to switch at any call points at the old or the new target`() throws {
        for index in 0..<8 {
            try withScratchFolder { folder in
                let path = "\(folder)/current"
                try files.createSymlinkAtomically(target: "gen-0001", at: path)
                let calls = RecordingFileSystem(failing: index, with: .noSpace, staysDown: true)
                try? DurableFiles(calls: calls).createSymlinkAtomically(target: "gen-0002", at: path)
                let renamed = calls.calls.firstIndex(of: "rename").map { $0 < index } ?? false
                #expect(try files.linkTarget(path) == (renamed ? "gen-0002" : "gen-0001"))
                try files.createSymlinkAtomically(target: "gen-0002", at: path)
                #expect(try entries(folder) == ["current"])
            }
        }
    }

    @Test func `the folder is synced after the switch`() throws {
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            try DurableFiles(calls: calls).createSymlinkAtomically(target: "a", at: "\(folder)/current")
            #expect(
                calls.calls == ["open", "status", "names", "makeLink", "rename", "sync directory", "close"])
        }
    }

    @Test func `only a link is replaced by a link, and only a link has a target`() throws {
        try withScratchFolder { folder in
            try files.replace("\(folder)/file", with: [1], mode: 0o600)
            let switched = #expect(throws: FileFault.self) {
                try files.createSymlinkAtomically(target: "a", at: "\(folder)/file")
            }
            #expect(switched?.code == .notLink)
            #expect(throws: FileFault.self) { try files.linkTarget("\(folder)/file") }
            #expect(try files.linkTarget("\(folder)/absent") == nil)
        }
    }
}
