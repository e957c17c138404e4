import DurableFiles
import Faults
import Glibc
import TestFiles
import Testing

struct ReadTests {
    @Test func `reading stops at the limit`() throws {
        try withScratchFolder { folder in
            let files = DurableFiles()
            try files.replace("\(folder)/a", with: Array("12345".utf8), mode: 0o600)
            #expect(try files.read("\(folder)/a", limit: 5).count == 5)
            let fault = #expect(throws: FileFault.self) { try files.read("\(folder)/a", limit: 4) }
            #expect(fault?.code == .tooLarge)
            try files.replace("\(folder)/empty", with: [], mode: 0o600)
            #expect(try files.read("\(folder)/empty", limit: 0) == [])
        }
    }

    @Test func `reading follows no link, waits for no FIFO and names what is missing`() throws {
        try withScratchFolder { folder in
            let files = DurableFiles()
            try files.replace("\(folder)/a", with: [1], mode: 0o600)
            try files.createSymlinkAtomically(target: "a", at: "\(folder)/link")
            #expect(mkfifo("\(folder)/fifo", 0o600) == 0)
            let expected: [(String, FileFaultCode)] = [
                ("link", .notRegularFile), ("fifo", .notRegularFile), ("absent", .missing), ("", .notRegularFile),
            ]
            for (name, code) in expected {
                let fault = #expect(throws: FileFault.self) { try files.read("\(folder)/\(name)", limit: 9) }
                #expect(fault?.code == code, "\(name)")
            }
        }
    }

    @Test func `status is of the link itself and nil where nothing is`() throws {
        try withScratchFolder { folder in
            let files = DurableFiles()
            try files.createSymlinkAtomically(target: "nowhere", at: "\(folder)/link")
            #expect(try files.status(of: "\(folder)/link")?.kind == .link)
            #expect(try files.status(of: "\(folder)/absent") == nil)
        }
    }
}
