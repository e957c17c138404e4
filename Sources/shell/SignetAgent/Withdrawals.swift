import Enrollment
import FoundationEssentials
import Installation
import JournalEntries
import Profiles

/// Has the installer take back what it published for profiles that root has removed.
///
/// Key and generations stay in the profile's folder: root may put the profile back, and then it is published anew. Its
/// state remembers that it is withdrawn, so that the installer is asked once.
actor Withdrawals {
    nonisolated var unownedExecutor: UnownedSerialExecutor { AgentExecutor.shared.asUnownedSerialExecutor() }

    private let ports: AgentPorts
    /// Tells the agent that status may have changed.
    private let changed: @Sendable () async -> Void
    private var finished: Set<ProfileName> = []
    private var failures: [ProfileName: (problem: Problem, lastTry: Date)] = [:]
    private var running: [ProfileName: Task<Void, Never>] = [:]

    /// Seconds before what failed is tried again: configuration is read more often than that.
    private static let pause = 300.0

    init(_ ports: AgentPorts, changed: @escaping @Sendable () async -> Void) {
        self.ports = ports
        self.changed = changed
    }

    /// Something is being withdrawn.
    var isBusy: Bool { !running.isEmpty }

    /// What could not be withdrawn, by profile.
    var problems: [Problem] {
        failures.sorted { $0.key < $1.key }.map(\.value.problem)
    }

    /// Begins to withdraw every profile that has a folder and is not among these; returns before it is done.
    func begin(keeping named: Set<ProfileName>) {
        let names = Set(((try? ports.files.names(in: "profiles")) ?? []).compactMap { ProfileName($0) })
        let removed = names.subtracting(named)
        finished.formIntersection(removed)
        for name in failures.keys where !removed.contains(name) { setFailure(nil, of: name) }
        for name in removed where running[name] == nil && !finished.contains(name) && isDue(name) {
            running[name] = onAgent { withdrawals in
                await withdrawals.withdraw(name)
                withdrawals.running[name] = nil
                await withdrawals.changed()
            }
        }
    }

    /// Returns once this profile is not being withdrawn: then its folder has one owner again.
    func end(of name: ProfileName) async { await running[name]?.value }

    func stop() {
        for task in running.values { task.cancel() }
    }

    private func isDue(_ name: ProfileName) -> Bool {
        guard let last = failures[name]?.lastTry else { return true }
        return !(0..<Self.pause).contains(ports.now().timeIntervalSince(last))
    }

    private func withdraw(_ name: ProfileName) async {
        let store = ProfileStore(name, files: ports.files)
        do {
            var document = try readState(of: store)
            if document?.state.isWithdrawn != true {
                // Before it is asked for: what may be gone must not count as published, whatever happens then.
                if document?.state.published != nil {
                    document?.state.published = nil
                    if let document { try store.save(document) }
                }
                try await ports.installer.withdraw(name)
                // One that comes back with errors is not the one that root removed.
                try store.forgetProfile()
                document?.state.isWithdrawn = true
                if let document { try store.save(document) }
                ports.log(
                    JournalEntry(
                        .withdrawn, "\(name): withdrawn, since root has no such profile", [.profile: "\(name)"]))
            }
            finished.insert(name)
            setFailure(nil, of: name)
        } catch {
            // Whatever a withdrawal that is cancelled ends with: the next process begins anew.
            if Task.isCancelled { return }
            guard let fault = error as? InstallationFault else { return fail(name, .storage, "\(error)") }
            fail(name, .notWithdrawn, "\(fault)")
        }
    }

    /// nil where it is no state file: then nobody remembers, and the installer is asked once a process.
    private func readState(of store: ProfileStore) throws -> StateDocument? {
        do {
            return try store.loadState()
        } catch is DecodingError {
            return nil
        } catch is LostState {
            return nil
        } catch is NewerVersion {
            return nil
        }
    }

    private func fail(_ name: ProfileName, _ code: ProblemCode, _ detail: String) {
        let now = ports.now()
        let since = failures[name]?.problem.since ?? now
        setFailure((Problem(code, since: since, detail: "\(name): \(detail)"), now), of: name)
    }

    private func setFailure(_ failure: (problem: Problem, lastTry: Date)?, of name: ProfileName) {
        let entries = JournalEntry.changes(
            from: failures[name].map { [$0.problem] } ?? [], to: failure.map { [$0.problem] } ?? [],
            [.profile: "\(name)"])
        for entry in entries { ports.log(entry) }
        failures[name] = failure
    }
}
