import ControlProtocol
import DurableFiles
import Enrollment
import JournalEntries
import SCEP
import TestFiles
import Testing

@testable import SignetAgent

/// Files that hold something else than what was written: the agent goes on with what is whole.
@Suite("Damaged state", .timeLimit(.minutes(2)))
struct DamagedStateTests {
    private static let folder = "\(Device.folder)/profiles/office"

    /// What is done to a file: nil removes it.
    private func damage(_ name: String, _ content: [UInt8]?, on device: Device) throws {
        let files = DurableFiles(calls: device.disk)
        let path = "\(Self.folder)/\(name)"
        if let content { try files.replace(path, with: content, mode: 0o600) } else { try files.removeFile(path) }
    }

    /// A device whose first request waits for the PKI's people, with a challenge that works once.
    private func pending() async throws -> Device {
        let (image, outside) = try Device.new(Responder(pollsBeforeIssue: 1))
        let device = try Device(image, outside, singleUse: true)
        #expect(try await device.run { $0.state == .pending } != nil)
        return device
    }

    /// The next process, on the same disk.
    private func restarted(_ device: Device) throws -> Device {
        try Device(device.disk.image, device.outside(), singleUse: true)
    }

    @Test(arguments: [nil, [], Array("{".utf8), [0, 0, 0]] as [[UInt8]?])
    func `a state file that is lost while people decide costs no second challenge`(content: [UInt8]?) async throws {
        let device = try await pending()
        try damage("state.json", content, on: device)
        let next = try restarted(device)
        let profile = try await next.run { $0.state == .active && $0.published == 1 }
        #expect(profile?.problems.isEmpty == true)
        #expect(next.outside().server.challengesShown == 1)
        #expect(next.outside().server.issued.count == 1)
        #expect(next.world.entries.contains { $0.messageID == ProblemCode.stateRebuilt.messageID })
        let aside = try DurableFiles(calls: next.disk).status(of: "\(Self.folder)/state.json.damaged")
        #expect((aside != nil) == (content != nil))
    }

    @Test(arguments: ["key.pem", "transaction.json"])
    func `a request of which replies cannot be understood is given up, and said so`(name: String) async throws {
        let device = try await pending()
        try damage("pending/\(name)", Array("-----".utf8), on: device)
        let next = try restarted(device)
        #expect(try await next.run { $0.state == .active } == nil)
        let problems = next.outside().status?.profiles.first?.problems.map(\.code) ?? []
        #expect(Set(problems) == ["key-lost", "challenge-spent"])
        #expect(next.outside().server.challengesShown == 1)
    }

    @Test func `a state file of a newer program stays, and so does what it tells of`() async throws {
        let device = try await pending()
        let newer = Array(#"{"version":2}"#.utf8)
        try damage("state.json", newer, on: device)
        let next = try restarted(device)
        let agent = Agent(next.ports)
        try await agent.start()
        let status = try await agent.status(nil)
        #expect(status.problems.map(\.code) == ["state-unreadable"])
        #expect(status.problems.allSatisfy { $0.text.contains("install the newer one again") })
        await agent.stop()
        #expect(try DurableFiles(calls: next.disk).read("\(Self.folder)/state.json", limit: 100) == newer)
        #expect(next.outside().server.polls == device.outside().server.polls)
        #expect(next.outside().server.requests == 1)
    }

    @Test(arguments: ["key.pem", "certificate.der"])
    func `an identity whose newest generation is lost is renewed with the one before`(name: String) async throws {
        let (image, outside) = try Device.new()
        let first = try Device(image, outside, singleUse: true)
        #expect(try await first.run { $0.published == 1 } != nil)
        var later = first.outside()
        later.elapsed += 7.6 * 86_400
        let second = try Device(first.disk.image, later, singleUse: true)
        #expect(try await second.run { $0.published == 2 } != nil)
        try damage("generations/0002/\(name)", [1, 2, 3], on: second)
        if name == "certificate.der" { try damage("generations/0002/meta.json", [], on: second) }
        let third = try restarted(second)
        let profile = try await third.run { $0.published == 3 }
        #expect(profile?.problems.isEmpty == true)
        #expect(third.outside().server.challengesShown == 1)
        #expect(third.world.entries.contains { $0.messageID == ProblemCode.keyLost.messageID })
    }
}
