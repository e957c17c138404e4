import DurableFiles
import Faults
import Glibc
import Secrets
import TestFiles
import Testing

struct ReplaceTests {
    private let old = Array("the old content".utf8)
    private let new = Array("something new".utf8)

    @Test func `a volatile file is replaced in one step, and waits for no disk`() throws {
        try withScratchFolder { folder in
            let path = "\(folder)/status.json"
            let calls = RecordingFileSystem()
            try DurableFiles(calls: calls).replaceVolatile(path, with: Array("one".utf8), mode: 0o644)
            try DurableFiles(calls: calls).replaceVolatile(path, with: Array("two".utf8), mode: 0o644)
            #expect(calls.calls.filter { $0 == "rename" }.count == 2)
            #expect(calls.calls.filter { $0.hasPrefix("sync") }.isEmpty)
            #expect(try DurableFiles().read(path, limit: 10) == Array("two".utf8))
            #expect(try entries(folder) == ["status.json"])
        }
    }

    @Test func `a file is synced before it is renamed, and its folder after`() throws {
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            try DurableFiles(calls: calls).replace("\(folder)/state", with: new, mode: 0o640, group: getgid())
            #expect(
                calls.calls == [
                    "open", "status", "names", "open", "setOwner", "setMode 640", "write", "write", "write",
                    "sync regular", "close", "rename", "sync directory", "close",
                ])
            #expect(try DurableFiles().read("\(folder)/state", limit: 100) == new)
            #expect(try DurableFiles().status(of: "\(folder)/state")?.mode == 0o640)
        }
    }

    @Test func `files that nobody looks for yet are synced together with their folder`() throws {
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            let files = DurableFiles(calls: calls)
            try files.stage("\(folder)/certificate", with: new, mode: 0o644)
            try new.withUnsafeBytes { try files.stageSecret(Secret(copying: $0), to: "\(folder)/key") }
            #expect(calls.calls.filter { $0 == "beginSync" }.count == 2)
            let steps = { calls.calls.filter { $0.hasPrefix("sync") || $0 == "rename" } }
            #expect(steps() == ["rename", "rename"])
            try files.syncFolder(folder)
            #expect(steps().dropFirst(2) == ["sync regular", "sync regular", "sync directory"])
            #expect(try DurableFiles().status(of: "\(folder)/key")?.mode == 0o600)
            #expect(try DurableFiles().read("\(folder)/certificate", limit: 100) == new)
            try files.discard("\(folder)/key")
            try files.discard("\(folder)/key")
            #expect(steps().count == 5)
            #expect(try entries(folder) == ["certificate"])
        }
    }

    @Test(arguments: [SystemError.noSpace, .accessDenied, .inputOutput], [false, true])
    func `a write that fails at any call leaves the old or the new content`(
        error: SystemError, staysDown: Bool
    ) throws {
        var failures = 0
        for index in 0..<14 {
            try withScratchFolder { folder in
                let path = "\(folder)/state"
                try DurableFiles().replace(path, with: old, mode: 0o600)
                let calls = RecordingFileSystem(failing: index, with: error, staysDown: staysDown)
                var fault: FileFault?
                do throws(FileFault) {
                    try DurableFiles(calls: calls).replace(path, with: new, mode: 0o600, group: getgid())
                } catch {
                    fault = error
                    failures += 1
                }
                let content = try DurableFiles().read(path, limit: 100)
                let renamed = calls.calls.firstIndex(of: "rename").map { $0 < index } ?? false
                #expect(content == (renamed || fault == nil ? new : old), "call \(index)")
                if let fault {
                    #expect(fault.attempted.contains(path))
                    #expect(fault.expected != nil)
                }
                // Whatever was left is gone after the next write.
                try DurableFiles().replace(path, with: new, mode: 0o600)
                #expect(try entries(folder) == ["state"])
                #expect(try DurableFiles().read(path, limit: 100) == new)
            }
        }
        // Listing leftovers and closing the folder may fail without harm; every other call counts.
        #expect(failures == (staysDown ? 13 : 12))
    }

    @Test func `errors have codes that tell a full disk from a missing permission`() throws {
        let codes: [(SystemError, FileFaultCode)] = [
            (.noSpace, .diskFull), (.accessDenied, .notPermitted), (.inputOutput, .ioFailure),
            (.readOnlyFileSystem, .readOnly),
        ]
        try withScratchFolder { folder in
            for (error, code) in codes {
                let files = DurableFiles(calls: RecordingFileSystem(failing: 3, with: error))
                let fault = #expect(throws: FileFault.self) {
                    try files.replace("\(folder)/state", with: new, mode: 0o600)
                }
                #expect(fault?.code == code)
            }
            let full = DurableFiles(calls: RecordingFileSystem(failing: 6, with: .noSpace))
            let fault = #expect(throws: FileFault.self) { try full.replace("\(folder)/a", with: new, mode: 0o600) }
            #expect(fault?.got == "ENOSPC, No space left on device")
            #expect(fault?.expected?.contains("free space") == true)
        }
    }

    @Test func `a link, a folder and a FIFO are refused as targets`() throws {
        try withScratchFolder { folder in
            let files = DurableFiles()
            try files.replace("\(folder)/victim", with: old, mode: 0o600)
            try files.createSymlinkAtomically(target: "victim", at: "\(folder)/link")
            try files.makeDirectory("\(folder)/folder", mode: 0o700)
            #expect(mkfifo("\(folder)/fifo", 0o600) == 0)
            for name in ["link", "folder", "fifo"] {
                let fault = #expect(throws: FileFault.self) {
                    try files.replace("\(folder)/\(name)", with: new, mode: 0o600)
                }
                #expect(fault?.code == .notRegularFile, "\(name)")
            }
            #expect(try files.read("\(folder)/victim", limit: 100) == old)
            try files.createSymlinkAtomically(target: "folder", at: "\(folder)/way")
            let fault = #expect(throws: FileFault.self) {
                try files.replace("\(folder)/way/file", with: new, mode: 0o600)
            }
            #expect(fault?.code == .notDirectory)
        }
    }

    @Test(arguments: ["", "/", "a/..", ".", "a\0b"]) func `a path that names no file is refused`(path: String) {
        let fault = #expect(throws: FileFault.self) { try DurableFiles().replace(path, with: new, mode: 0o600) }
        #expect(fault?.code == .invalidPath)
    }

    @Test func `a secret goes to a file and comes back`() throws {
        try withScratchFolder { folder in
            let secret = new.withUnsafeBytes { Secret(copying: $0) }
            let files = DurableFiles()
            try files.writeSecret(secret, to: "\(folder)/key")
            #expect(try files.status(of: "\(folder)/key")?.mode == 0o600)
            let back = try files.readSecret("\(folder)/key", limit: 100)
            #expect(back.withBytes { Array($0) } == new)
            #expect(throws: FileFault.self) { try files.readSecret("\(folder)/key", limit: 5) }
        }
    }
}
