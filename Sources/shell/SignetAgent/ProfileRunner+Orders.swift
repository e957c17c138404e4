package import Enrollment
package import FoundationEssentials

/// What an admin who ordered a renewal or an enrollment is told.
package enum OrderProgress: Sendable, Equatable {
    case step(String, at: Date)
    /// The new generation is published.
    case done(generation: Int)
    /// The PKI waits for a person.
    case pending
    /// It failed; nil where the agent cannot say more than that.
    case failed(Problem?)
}

extension ProfileRunner {
    /// Follows an order, and streams what happens until it ends. An exchange that already does what is ordered is
    /// joined: who drops a profile and orders its enrollment finds it under way. nil while another one is.
    func order(_ kind: Transaction.Kind) -> AsyncStream<OrderProgress>? {
        // Somebody waits: what could not be saved is tried now, and an order that cannot be kept is not taken.
        if unsaved != nil { wake() }
        if let unsaved {
            return AsyncStream { continuation in
                continuation.yield(.failed(unsaved.problem))
                continuation.finish()
            }
        }
        let isJoining = machine.isBusy
        guard !isJoining || isUnderWay(kind) else { return nil }
        let (stream, continuation) = AsyncStream.makeStream(
            of: OrderProgress.self, bufferingPolicy: .bufferingNewest(64))
        let id = UUID()
        orders[id] = continuation
        continuation.onTermination = { _ in self.onAgent { $0.forget(id) } }
        orderedFrom = document.state.identity?.generation ?? 0
        if !isJoining {
            feed(.ordered(kind))
        } else if let step {
            continuation.yield(.step(step, at: ports.now()))
        }
        return stream
    }

    private func isUnderWay(_ kind: Transaction.Kind) -> Bool {
        guard let transaction = document.state.transaction, transaction.succession != .asked, run?.successor == nil
        else { return false }
        return transaction.kind == kind || document.state.identity == nil
    }

    /// Ends orders once nothing is under way any more: with a generation, a wait for approval, or the reason why not.
    func settleOrders() {
        guard !orders.isEmpty, !machine.isBusy, judging == nil, queued == nil, unsaved == nil else { return }
        let state = document.state
        let outcome: OrderProgress
        if let identity = state.identity, identity.generation > orderedFrom, state.published == identity.generation {
            outcome = .done(generation: identity.generation)
        } else if state.transaction?.step == .pending, state.retry == nil {
            outcome = .pending
        } else {
            let reasons = state.problems.filter { $0.code.severity == .error }
            let isPublishing = (state.identity?.generation ?? 0) > orderedFrom
            let expected = isPublishing ? ProblemCode.ofPublishing : ProblemCode.ofRequests
            outcome = .failed(reasons.first { expected.contains($0.code) } ?? reasons.first ?? state.problems.first)
        }
        if case .failed = outcome { hasFailedOrder = awaitsCredential } else { hasFailedOrder = false }
        for order in orders.values { order.yield(outcome) }
        endOrders()
    }

    func endOrders() {
        for order in orders.values { order.finish() }
        orders = [:]
    }

    private func forget(_ id: UUID) { orders[id] = nil }
}
