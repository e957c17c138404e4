import Enrollment
import FoundationEssentials

/// How long the process is there.
extension Agent {
    /// Whether the process must stay: an exchange is under way, or something falls due before the next tick.
    package func isNeeded() async -> Bool {
        var until = ports.now().addingTimeInterval(Schedule.tick)
        // Whoever ordered in vain puts another challenge in place and orders again, and must find another process: what
        // other profiles wait for is taken up by that one, or at the tick.
        for runner in runners.values where await runner.hasFailedOrder { until = ports.now() }
        for runner in runners.values where await runner.isNeeded(until: until) { return true }
        if isReloadPlanned { return true }
        if await withdrawals?.isBusy ?? false { return true }
        return await reporter.isNeeded()
    }

    /// How long an idle process stays for its next client.
    package enum Linger: Sendable { case full, brief, none }

    /// Not long while somebody is about to put a credential in place, which only a new process sees: not at all where an
    /// order has just failed for it, and else as briefly as keeps callers from starting one process after the other.
    package func linger() async -> Linger {
        var linger = Linger.full
        for runner in runners.values {
            if await runner.hasFailedOrder { return .none }
            if await runner.awaitsCredential { linger = .brief }
        }
        return linger
    }

    /// Whether an exchange, a publication, a withdrawal or a look at what root has changed is under way; each ends within its
    /// own deadlines.
    package func isBusy() async -> Bool {
        if isReloadPlanned || reloadsUnderWay > 0 { return true }
        for runner in runners.values where await runner.isBusy { return true }
        return await withdrawals?.isBusy ?? false
    }

    /// Yields whenever `isNeeded` may have changed. One reader.
    package func needChanges() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        needChange = continuation
        return stream
    }

    /// What an order gets that came to a process in which one has just failed for a credential: whoever orders again has put
    /// another in place, which only the next one sees. It ends, without an outcome, with this process.
    func ofNextProcess() -> AsyncStream<OrderProgress> {
        let (stream, continuation) = AsyncStream.makeStream(of: OrderProgress.self)
        laterOrders.append(continuation)
        return stream
    }
}
