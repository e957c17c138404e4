import Enrollment
import FoundationEssentials
import Testing

/// Devices that live through many certificates in virtual time.
@Suite struct LifetimeTests {
    private func device(_ lifetime: Double, place: Double, outages: [Range<Date>] = []) -> SimulatedDevice {
        SimulatedDevice(
            rules: .test { $0.fraction = place },
            server: SimulatedServer(lifetime: lifetime, outages: outages))
    }

    /// Whether a certificate was there at all times, from the first to the end.
    private func hasNoGap(_ device: SimulatedDevice) -> Bool {
        let generations = device.disk.generations
        return zip(generations, generations.dropFirst()).allSatisfy { $1.notBefore <= $0.notAfter }
            && (generations.last?.notAfter ?? .distantPast) > device.now
    }

    @Test(arguments: ScheduleTests.lifetimes)
    func `It renews again and again and never runs out while the server answers`(lifetime: Double) {
        for place in stride(from: 0.0, to: 1, by: 0.05) {
            var device = device(lifetime, place: place)
            device.run(until: at(20 * lifetime))
            #expect(hasNoGap(device))
            #expect(device.disk.published == device.disk.generations.last?.generation)
            let expected = Int(20 / (0.66 + 0.1 * place))
            #expect(abs(device.server.issued - 1 - expected) <= 1)
            #expect(device.server.issued == device.disk.generations.count)
            #expect(device.machine.state.problems.isEmpty)
        }
    }

    @Test(arguments: ScheduleTests.lifetimes)
    func `An outage that ends before the certificate does costs nothing`(lifetime: Double) {
        for place in [0.0, 0.5, 0.99] {
            for share in [0.7, 0.8, 0.9, 0.95] {
                let end = min(at(lifetime * share), at(lifetime - 3 * Schedule.shortestWait))
                var device = device(lifetime, place: place, outages: [at(1)..<end])
                device.run(until: at(3 * lifetime))
                #expect(hasNoGap(device), "outage until \(share) of the lifetime")
                #expect(device.machine.state.problems.isEmpty)
            }
        }
    }

    @Test(arguments: ScheduleTests.lifetimes)
    func `An outage that outlasts the certificate ends with an enrollment within the hour`(lifetime: Double) {
        let end = at(lifetime * 1.5)
        var device = device(lifetime, place: 0.99, outages: [at(1)..<end])
        device.run(until: end)
        #expect(device.machine.state.problems.map(\.code).contains(.expired))
        device.run(until: end.addingTimeInterval(3600 * (1 + Schedule.fleetSpread)))
        #expect(device.server.challengesSeen == 2)
        #expect(device.machine.state.problems.isEmpty)
    }

    @Test func `An outage is not answered with a storm of requests`() {
        var device = device(90 * day, place: 0.5, outages: [at(1)..<at(80 * day)])
        device.run(until: at(79 * day))
        // Hourly at most, once the first minutes are over.
        #expect((device.machine.state.retry?.count ?? 0) < 20 * 24)
        #expect((device.machine.state.retry?.count ?? 0) > 10 * 24)
    }

    @Test func `A server that is back after a day was asked hourly, and is asked again within the hour`() {
        for place in [0.0, 0.5, 0.99] {
            var device = device(90 * day, place: place, outages: [at(0)..<at(day)])
            device.run(until: at(day))
            #expect((20...30).contains(device.machine.state.retry?.count ?? 0))
            #expect(device.server.challengesSeen == 0)
            device.run(until: at(day + 3600 * (1 + Schedule.fleetSpread)))
            #expect(device.disk.published == 1)
            #expect(device.server.challengesSeen == 1)
            #expect(device.machine.state.problems.isEmpty)
        }
    }

    @Test func `A fleet that enrolled in one minute renews over days`() {
        var renewals: [Date] = []
        for number in 0..<500 {
            var device = device(90 * day, place: Double(number) / 500)
            device.run(until: at(80 * day))
            renewals.append(contentsOf: device.disk.generations.dropFirst().prefix(1).map(\.notBefore))
        }
        #expect(renewals.count == 500)
        let perHour = Dictionary(grouping: renewals) { Int($0.timeIntervalSince(at(0)) / hour) }.mapValues(\.count)
        #expect((perHour.values.max() ?? 500) <= 3)
    }

    @Test func `A clock that was years ahead leaves no enrollment behind that sends the challenge`() {
        let ahead = at(3650 * day)
        // While it waits for its next try.
        var waiting = EnrollmentMachine(.enrolled())
        #expect(waiting.handle(.ticked, now: ahead).prepared?.kind == .enroll)
        _ = waiting.handle(.failed(.notConnected), now: ahead)
        #expect(waiting.handle(.ticked, now: at(day)) == [.discardPending, .wait(until: at(66 * day))])
        #expect(waiting.state == .enrolled())

        // While the request is made.
        var preparing = EnrollmentMachine(.enrolled())
        _ = preparing.handle(.ticked, now: ahead)
        #expect(
            preparing.handle(.prepared(id: "T", challengeSent: true), now: at(day))
                == [.discardPending, .wait(until: at(66 * day))])
        #expect(!preparing.isBusy)

        // What an admin ordered stays, and so does a request that may have arrived.
        var ordered = EnrollmentMachine(.enrolled())
        _ = ordered.handle(.ordered(.enroll), now: at(day))
        #expect(!ordered.handle(.prepared(id: "T", challengeSent: true), now: at(day)).startsExchange)
        #expect(ordered.state.transaction?.step == .sent)
        var sent = EnrollmentMachine(.enrolled())
        _ = sent.handle(.ticked, now: ahead)
        sent.sendRequest(now: ahead)
        _ = sent.handle(.failed(.lost), now: ahead)
        #expect(sent.handle(.ticked, now: at(day)).polled != nil)
    }
}
