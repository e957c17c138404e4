import Dispatch
import Synchronization

/// Runs an actor's work on a queue of its own, so that a key generation or an fsync never holds up the threads that
/// all other tasks share.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// The one thread that the agent, its profiles and its reports share: none of them waits for a network there, and going
/// from one to the other changes no thread.
///
/// A queue takes whichever thread is free, and OpenSSL blinds an RSA key once more for the next thread that uses it,
/// which costs as much as a signature.
final class AgentExecutor: SerialExecutor {
    static let shared = AgentExecutor()

    private let jobs = Mutex<[UnownedJob]>([])
    private let arrived = DispatchSemaphore(value: 0)

    private init() {
        DispatchQueue(label: "io.signet.agent").async {
            while true {
                self.arrived.wait()
                self.next()?.runSynchronously(on: self.asUnownedSerialExecutor())
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        arrived.signal()
    }

    private func next() -> UnownedJob? { jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
