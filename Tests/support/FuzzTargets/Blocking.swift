import Dispatch
import Synchronization

/// Runs to its end what is asynchronous, for a caller that is not: the fuzzer counts what happens within a call.
///
/// Its parts run on the caller's thread: a fuzzer has no time to change threads for each input.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let thread = CallingThread()
    let outcome = Outcome<Value>()
    Task.detached(executorPreference: thread) {
        do {
            let value = try await body()
            outcome.result.withLock { $0 = .success(value) }
        } catch {
            outcome.result.withLock { $0 = .failure(error) }
        }
        thread.end()
    }
    thread.run()
    guard let result = outcome.result.withLock({ $0 }) else { throw CancellationError() }
    return try result.get()
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}

private final class CallingThread: TaskExecutor {
    private let jobs = Mutex<[UnownedJob?]>([])
    private let count = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) { add(UnownedJob(job)) }

    func end() { add(nil) }

    func run() {
        while true {
            count.wait()
            guard let job = jobs.withLock({ $0.removeFirst() }) else { return }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private func add(_ job: UnownedJob?) {
        jobs.withLock { $0.append(job) }
        count.signal()
    }
}
