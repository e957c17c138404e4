import ControlProtocol
import Enrollment
import FoundationEssentials
import JournalEntries
import OpenSSLCrypto
import TestFiles
import Testing
import X509

@testable import SignetAgent

/// The power goes at any moment of an agent's life, and what was not synced is there, gone or torn.
@Suite("A power cut", .timeLimit(.minutes(5)))
struct PowerCutTests {
    @Test(arguments: [false, true])
    func `in a first enrollment`(singleUse: Bool) async throws {
        let (image, outside) = try Device.new()
        let device = try Device(image, outside, singleUse: singleUse)
        #expect(try await device.run { $0.isDone(generation: 1) } != nil)
        try await check(device, generation: 1, singleUse: singleUse)
    }

    @Test(arguments: [false, true])
    func `while the PKI's people decide`(singleUse: Bool) async throws {
        let (image, outside) = try Device.new(Responder(pollsBeforeIssue: 2))
        let device = try Device(image, outside, singleUse: singleUse)
        #expect(try await device.run { $0.isDone(generation: 1) } != nil)
        #expect(device.outside().server.polls == 3)
        try await check(device, generation: 1, singleUse: singleUse)
    }

    @Test func `in a renewal`() async throws {
        let (image, outside) = try Device.new()
        let first = try Device(image, outside, singleUse: true)
        #expect(try await first.run { $0.isDone(generation: 1) } != nil)
        // At the moment of its renewal.
        var later = first.outside()
        later.elapsed += 7.6 * 86_400
        let device = try Device(first.disk.image, later, singleUse: true)
        #expect(try await device.run { $0.isDone(generation: 2) } != nil)
        try await check(device, generation: 2, singleUse: true)
    }

    @Test func `while the CA's successor takes over`() async throws {
        let server = try Responder(
            ending: World.begin.addingTimeInterval(9 * 86_400),
            successorFrom: World.begin.addingTimeInterval(8.5 * 86_400))
        let (image, outside) = try Device.new(server)
        let first = try Device(image, outside, singleUse: true)
        #expect(try await first.run { $0.isDone(generation: 1) } != nil)
        var later = first.outside()
        later.elapsed += 7 * 86_400
        let device = try Device(first.disk.image, later, singleUse: true)
        let waiting = try #require(await device.run { $0.nextIdentity != nil })
        #expect(waiting.identity?.generation == 1 && waiting.published == 1)
        let done = try #require(await device.run { $0.isDone(generation: 2) })
        #expect(done.identity?.issuer == "CN=next root" && done.nextIdentity == nil)
        #expect(device.world.elapsed >= 8.5 * 86_400)
        try await check(device, generation: 2, singleUse: true)
    }

    /// Starts the agent on each disk that a power cut in this device's life may have left.
    private func check(_ device: Device, generation: Int, singleUse: Bool) async throws {
        let operations = device.disk.operations
        let (cuts, prefixes, cases) = PowerCut.all(after: operations, on: device.disk.base)
        #expect(prefixes == operations.count + 1)
        #expect(cases >= 2 * operations.count && cuts.count > operations.count / 3)
        print("counted: \(prefixes) prefixes, \(cases) power cuts, \(cuts.count) different disks")
        var lost = 0
        for cut in cuts where try await !endsWell(cut, device.outside(atCut: cut), generation, singleUse) { lost += 1 }
        // Only between the state that says that the challenge may be out and its request there is nothing to be asked.
        #expect(singleUse && generation == 1 ? lost > 0 : lost == 0)
    }

    /// - Returns: false where the challenge counts as spent, which is allowed only where nobody can tell.
    private func endsWell(
        _ cut: PowerCut, _ outside: Device.Outside, _ generation: Int, _ singleUse: Bool
    ) async throws -> Bool {
        let when: Comment = "after operation \(cut.prefix), \(cut.fate)"
        let device = try Device(cut.image, outside, singleUse: singleUse)
        if let told = outside.status?.profiles.first?.identity?.generation {
            let kept = try device.store.generation(told)
            #expect(kept != nil, "what was told is there, \(when)")
            #expect(try device.store.key(of: told) != nil, "and its key, \(when)")
        }
        let profile = try await device.run { $0.isDone(generation: generation) }
        let after = device.outside()
        #expect(after.server.challengesShown <= 1, "\(when)")
        if let id = outside.status?.device.id {
            #expect(after.status?.device.id == id, "the device is the same, \(when)")
        }
        let losses = [ProblemCode.keyLost, .stateRebuilt, .stateUnreadable, .storage].map(\.messageID)
        #expect(device.world.entries.allSatisfy { !losses.contains($0.messageID) }, "nothing is damaged, \(when)")
        guard let profile, let identity = profile.identity else {
            let problems = after.status?.profiles.first?.problems.map(\.code)
            #expect(problems == ["challenge-spent"], "\(when)")
            #expect(singleUse && outside.server.requests == 0, "the server knows of nothing, \(when)")
            return false
        }
        #expect(after.server.issued.count == generation, "no second certificate was asked for, \(when)")
        let held = try #require(try device.store.generation(identity.generation), "\(when)")
        let key = try #require(try device.store.key(of: identity.generation), "\(when)")
        #expect(after.server.issued.contains(held.certificate), "\(when)")
        #expect(try OpenSSL().publicKeyInfo(of: key) == held.certificate.publicKeyInfo, "\(when)")
        #expect(device.disk.openCount == 0, "\(when)")
        return true
    }
}

extension StatusDocument.Profile {
    /// Whether this generation, or a later one, is had and published, and nothing is under way.
    fileprivate func isDone(generation: Int) -> Bool {
        guard state == .active, let identity, identity.generation >= generation else { return false }
        return published == identity.generation
    }
}
