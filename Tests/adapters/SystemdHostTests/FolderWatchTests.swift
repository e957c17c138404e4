import Glibc
import TestFiles
import Testing

@testable import SystemdHost

@Suite(.timeLimit(.minutes(1))) struct FolderWatchTests {
    @Test func `files that come, change and go are told, also in folders that come later`() async throws {
        let scratch = try ScratchFolder()
        let profiles = "\(scratch.path)/profiles.d"
        var changes = FolderWatch.changes(in: [scratch.path, profiles]).makeAsyncIterator()
        try #require(mkdir(profiles, 0o700) == 0)
        defer { rmdir(profiles) }
        #expect(await changes.next() != nil)
        // From now on it is watched: all that follows happens in it.
        try scratch.write("profiles.d/office.toml", [1])
        #expect(await changes.next() != nil)
        try #require(unlink("\(profiles)/office.toml") == 0)
        #expect(await changes.next() != nil)
    }

    @Test func `reading tells nothing, and a folder that is not there is no trouble`() async throws {
        let scratch = try ScratchFolder()
        let file = try scratch.write("signet.toml", [1])
        let stream = FolderWatch.changes(in: ["\(scratch.path)/nowhere", scratch.path])
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        close(descriptor)
        let task = Task {
            for await _ in stream { return false }
            return Task.isCancelled
        }
        task.cancel()
        #expect(await task.value)
    }
}
