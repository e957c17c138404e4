import Dispatch
import Synchronization

/// The one thread that the agent, its profiles, its reports and all of its tasks share: none of them waits for a network
/// there, and going from one to the other changes no thread.
///
/// A queue takes whichever thread is free, and OpenSSL blinds an RSA key once more for the next thread that uses it,
/// which costs as much as a signature. A task that prefers no executor goes by way of a thread that all tasks share
/// whenever it has waited for something.
package final class AgentExecutor: SerialExecutor, TaskExecutor {
    package static let shared = AgentExecutor()

    private let jobs = Mutex<[UnownedJob]>([])
    private let arrived = DispatchSemaphore(value: 0)

    private init() {
        DispatchQueue(label: "io.signet.agent").async {
            while true {
                self.arrived.wait()
                self.next()?.runSynchronously(
                    isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
            }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        arrived.signal()
    }

    /// A task all of which runs on this thread.
    @discardableResult
    package static func task<Success: Sendable>(
        _ body: @escaping @Sendable () async -> Success
    ) -> Task<Success, Never> {
        Task(executorPreference: shared) { await body() }
    }

    private func next() -> UnownedJob? { jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}

extension Actor {
    /// A task of this actor, all of which runs on the agent's thread.
    @discardableResult
    nonisolated func onAgent<Success: Sendable>(
        _ body: @escaping @Sendable (isolated Self) async -> Success
    ) -> Task<Success, Never> {
        AgentExecutor.task { await body(self) }
    }
}
