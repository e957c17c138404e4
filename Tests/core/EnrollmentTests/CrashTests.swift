import Enrollment
import Testing

/// The process ends at every point of a story: after each event before the state is written, after it is written,
/// between any two actions, and within them. Whatever the point, the story ends as if nothing had been.
@Suite struct CrashTests {
    /// Runs a story with a crash at each of its points, and as often twice.
    private func atEveryPoint(
        _ fresh: SimulatedDevice, until end: Double, _ check: (SimulatedDevice, Int) -> Void
    ) {
        var plain = fresh
        plain.run(until: at(end))
        #expect(plain.restarts == 1)
        #expect(plain.steps > 8)
        check(plain, -1)
        for point in 0..<plain.steps {
            var device = fresh
            device.stepsLeft = point
            device.run(until: at(end))
            #expect(device.restarts == 2, "no crash at point \(point)")
            check(device, point)
        }
    }

    /// What lies on disk, what is published and what the machine believes are one.
    private func isWhole(_ device: SimulatedDevice) -> Bool {
        let latest = device.disk.generations.last
        return latest != nil && device.disk.published == latest?.generation
            && device.machine.state.identity == latest && device.machine.state.published == latest?.generation
            && device.disk.pending == nil && device.machine.state.transaction == nil
            && device.machine.state.problems.isEmpty
    }

    @Test func `A first enrollment issues one certificate, wherever the process ends`() {
        atEveryPoint(SimulatedDevice(server: SimulatedServer()), until: day) { device, point in
            #expect(isWhole(device), "crash at \(point)")
            #expect(device.server.issued == 1, "crash at \(point)")
        }
    }

    @Test func `So does one whose reply is lost`() {
        let fresh = SimulatedDevice(server: SimulatedServer(repliesToLose: 1))
        atEveryPoint(fresh, until: day) { device, point in
            #expect(isWhole(device), "crash at \(point)")
            #expect(device.server.issued == 1, "crash at \(point)")
        }
    }

    @Test func `So does one that needs approval`() {
        atEveryPoint(SimulatedDevice(server: SimulatedServer(approval: hour)), until: day) { device, point in
            #expect(isWhole(device), "crash at \(point)")
            #expect(device.server.issued == 1, "crash at \(point)")
        }
    }

    @Test func `Renewals go on and use a new key each time`() {
        let fresh = SimulatedDevice(server: SimulatedServer(lifetime: 10 * day))
        atEveryPoint(fresh, until: 18 * day) { device, point in
            #expect(isWhole(device), "crash at \(point)")
            #expect(device.server.issued == 3, "crash at \(point)")
            #expect(Set(device.server.keysIssuedTo).count == 3, "crash at \(point)")
        }
    }

    @Test func `What the CA's successor issues waits for its time, and is used then`() {
        let fresh = SimulatedDevice(server: SimulatedServer(lifetime: 10 * day, successorBegins: at(9 * day)))
        atEveryPoint(fresh, until: 10 * day) { device, point in
            #expect(isWhole(device), "crash at \(point)")
            #expect(device.server.issued == 2, "crash at \(point)")
            #expect(device.machine.state.identity?.notBefore == at(9 * day), "crash at \(point)")
            #expect(device.machine.state.obtainedAt.map { $0 >= at(9 * day) } == true, "crash at \(point)")
        }
    }

    @Test func `An outage at the beginning loses nothing`() {
        let fresh = SimulatedDevice(server: SimulatedServer(outages: [at(0)..<at(3 * hour)]))
        atEveryPoint(fresh, until: day) { device, point in
            #expect(isWhole(device), "crash at \(point)")
            #expect(device.server.issued == 1, "crash at \(point)")
        }
    }

    @Test func `A single-use challenge is shown once, and a crash costs at most a person's order`() {
        let fresh = SimulatedDevice(rules: .singleUse, server: SimulatedServer(challengeIsSingleUse: true))
        atEveryPoint(fresh, until: day) { device, point in
            #expect(device.server.challengesSeen <= 1, "crash at \(point)")
            #expect(device.sent <= 1, "crash at \(point)")
            // Either it is enrolled, or the machine says that it needs a new challenge. That is so only where the
            // state was written and the process ended before the request left.
            let asksForChallenge = device.machine.state.problems.map(\.code) == [.challengeSpent]
            #expect(isWhole(device) || (asksForChallenge && device.server.challengesSeen == 0), "crash at \(point)")
        }
    }
}
