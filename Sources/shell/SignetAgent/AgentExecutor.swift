import Dispatch
import Synchronization

/// The one thread that the agent, its profiles, its reports and all of its tasks share: none of them waits for a network
/// there, and going from one to the other changes no thread.
///
/// A queue takes whichever thread is free, and OpenSSL blinds an RSA key once more for the next thread that uses it,
/// which costs as much as a signature. A task that prefers no executor goes by way of a thread that all tasks share
/// whenever it has waited for something.
///
/// What only tells of what was done goes behind what is to be done, by a few jobs and no more: who keeps the agent busy
/// must not keep its status from being written.
package final class AgentExecutor: SerialExecutor, TaskExecutor {
    package static let shared = AgentExecutor()

    /// In the order in which they came, and how many later ones went before each.
    private let jobs = Mutex<[(job: UnownedJob, overtaken: Int)]>([])
    private static let mostOvertaken = 8
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
        jobs.withLock { $0.append((job, 0)) }
        arrived.signal()
    }

    /// A task all of which runs on this thread.
    @discardableResult
    package static func task<Success: Sendable>(
        priority: TaskPriority? = nil, _ body: @escaping @Sendable () async -> Success
    ) -> Task<Success, Never> {
        Task(executorPreference: shared, priority: priority) { await body() }
    }

    private func next() -> UnownedJob? {
        jobs.withLock { jobs in
            guard let first = jobs.first else { return nil }
            let highest = jobs.map(\.job.priority.rawValue).max()
            let chosen =
                first.overtaken < Self.mostOvertaken
                ? jobs.firstIndex { $0.job.priority.rawValue == highest } ?? 0 : 0
            for index in 0..<chosen { jobs[index].overtaken += 1 }
            return jobs.remove(at: chosen).job
        }
    }
}

extension Actor {
    /// A task of this actor, all of which runs on the agent's thread.
    @discardableResult
    nonisolated func onAgent<Success: Sendable>(
        priority: TaskPriority? = nil, _ body: @escaping @Sendable (isolated Self) async -> Success
    ) -> Task<Success, Never> {
        AgentExecutor.task(priority: priority) { await body(self) }
    }
}
