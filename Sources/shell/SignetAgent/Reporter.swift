import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import Reports
import SCEP
import X509

/// Writes what there is to report to the disk, and sends it in order.
///
/// It has a queue of its own and is told what is so after every change: no enrollment ever waits for it. It decides
/// nothing: `ReportState` does.
actor Reporter {
    nonisolated var unownedExecutor: UnownedSerialExecutor { AgentExecutor.shared.asUnownedSerialExecutor() }

    /// Where reports go.
    struct Route: Sendable, Equatable {
        var settings: ManagementSettings
        /// The profile whose identity is shown; nil where there is none, or more than one to choose from.
        var identity: ProfileName?
        var isAmbiguous = false
    }

    let ports: AgentPorts
    let store: OutboxStore
    var route: Route?
    /// nil until the disk was read.
    var state: ReportState?
    var outbox = Outbox()
    private var observation: Observation?
    var storage: Problem? {
        didSet { ports.log(from: oldValue, to: storage) }
    }
    var run: Task<Int, Never>?
    private var timer: Task<Void, Never>?
    private var isStopped = false
    /// Tells the agent that outbox or problems changed.
    private var changed: @Sendable () async -> Void = {}

    init(_ ports: AgentPorts) {
        self.ports = ports
        store = OutboxStore(files: ports.files)
    }

    func onChange(_ changed: @escaping @Sendable () async -> Void) { self.changed = changed }

    func stop() {
        isStopped = true
        timer?.cancel()
        run?.cancel()
    }

    /// What this process has read of the disk is another device's.
    func leaveReports() {
        timer?.cancel()
        run?.cancel()
        (state, outbox, observation) = (nil, Outbox(), nil)
    }

    // MARK: what the status shows

    struct Summary: Sendable, Equatable {
        var outbox: StatusDocument.Outbox
        var problems: [StatusDocument.Problem]
    }

    var summary: Summary {
        let dropped = route == nil ? 0 : state?.dropped ?? 0
        return Summary(
            outbox: StatusDocument.Outbox(
                waiting: outbox.waiting, oldest: outbox.oldest, dropped: dropped > 0 ? dropped : nil),
            problems: problems)
    }

    private var problems: [StatusDocument.Problem] {
        guard route != nil else { return [] }
        let troubles = (state?.troubles(now: now) ?? []).map { Problem($0) }
        return ((storage.map { [$0] } ?? []) + troubles).map { StatusDocument.Problem($0) }
    }

    /// Whether the process must stay: a run is under way, or a retry is near. Later ones are the timer's.
    func isNeeded() -> Bool {
        if run != nil { return true }
        guard route != nil, outbox.waiting > 0, let retry = state?.retry, !isStopped else { return false }
        return retry.at.date.timeIntervalSince(ports.now()) <= ReportSchedule.longestStay
    }

    // MARK: what is so

    /// Takes over what is so: writes what there is to tell, and sends it. nil where nothing is reported any more.
    ///
    /// - Returns: whether `summary` changed.
    func observe(_ new: Observation, route destination: Route?) -> Bool {
        let before = summary
        var destination = destination
        if destination?.identity == nil, destination?.isAmbiguous == false {
            // The only profile has just gone, which the endpoint is to hear from the identity that it knows.
            destination?.identity = route?.identity
        }
        if route != nil, route != destination { state?.tryAtOnce() }
        route = destination
        observation = new
        if route == nil {
            forget()
        } else {
            record(isAsked: false)
            begin()
        }
        return summary != before
    }

    /// Syncs each report, then the state that counts them: a kill in between leaves a difference that is found again.
    func record(isAsked: Bool) {
        guard var observation, let route else { return }
        observation.reporting = problems
        do {
            var (next, box) = try taken()
            let isOwed = observation.isSettled && next.owesHeartbeat(box)
            let reports = next.record(
                observation, for: route.settings.endpoint,
                heartbeat: isAsked || isOwed ? nil : route.settings.heartbeat, fraction: fraction, now: now)
            var gone: [Int64] = []
            for (sequence, report) in reports {
                if case .identityIssued = report.content, report.profile == route.identity.map({ "\($0)" }) {
                    next.tryAtOnce()
                }
                let json = try report.json(sequence: sequence, device: observation.device.id, at: now) {
                    Hexadecimal.string(ports.cryptography.sha256($0).prefix(8)).lowercased()
                }
                try store.write(json, sequence)
                gone += box.add(try Outbox.Entry(sequence: sequence, json: json))
            }
            next.drop(gone.count)
            if next != state { try store.save(next) }
            (state, outbox, storage) = (next, box, nil)
            for sequence in gone { try? store.remove(sequence) }
        } catch {
            note(error)
        }
    }

    /// State and outbox, read from the disk once.
    private func taken() throws -> (ReportState, Outbox) {
        if let state { return (state, outbox) }
        let found = try store.load()
        if found.unreadable > 0 {
            ports.log(ignored: "\(found.unreadable) reports in the outbox could not be read")
        }
        (state, outbox) = (found.state, found.outbox)
        return (found.state, found.outbox)
    }

    /// Where nobody is told anything any more, nothing is kept but the counter.
    private func forget() {
        timer?.cancel()
        do {
            var (next, box) = try taken()
            next.forget()
            if next != state, next != ReportState() { try store.save(next) }
            for entry in box.entries { try store.remove(entry.sequence) }
            (state, outbox, storage) = (next, Outbox(), nil)
        } catch {
            note(error)
        }
    }

    func note(_ error: any Error) {
        storage = Problem(.reportsNotKept, since: storage?.since ?? ports.now(), detail: "\(error)")
    }

    // MARK: sending

    /// Sends the outbox and a fresh heartbeat now, whatever was to be waited for. Throws `AgentError` where reports go
    /// to nobody.
    func sendNow() async throws -> SendReportReply {
        guard route != nil else {
            throw AgentError.failed(
                StatusDocument.Problem(
                    code: "no-endpoint", severity: .warning, since: Timestamp(ports.now()),
                    text: "no management endpoint is configured",
                    remedy: "set endpoint in [management] of /etc/signet/signet.toml, then run 'signetctl config check'"
                ))
        }
        await settled()
        let (before, dropped) = (summary, state?.dropped ?? 0)
        record(isAsked: true)
        var sent = await launch().value
        // Who reads the status next finds what the caller was told.
        if summary != before { await changed() }
        // What has come up in the meantime is on its way: it does not wait for anything.
        while let run { sent += await run.value }
        return SendReportReply(
            sent: sent, waiting: outbox.waiting,
            problem: outbox.waiting > 0 || state?.dropped ?? 0 > dropped ? problems.first : nil)
    }

    /// Returns when no run is under way.
    func settled() async {
        while let run { _ = await run.value }
    }

    /// Sends what waits, unless that is under way, or not due.
    func begin() {
        guard run == nil, !isStopped, outbox.waiting > 0, let state else { return }
        guard state.maySend(now: now) else { return arm() }
        _ = launch()
    }

    private func launch() -> Task<Int, Never> {
        timer?.cancel()
        let before = summary
        let task = onAgent { reporter in
            let sent = await reporter.send()
            reporter.arm()
            if reporter.summary != before { await reporter.changed() }
            return sent
        }
        run = task
        return task
    }

    /// Wakes at the next retry, for as long as the process is there.
    private func arm() {
        timer?.cancel()
        guard let at = state?.retry?.at.date, outbox.waiting > 0, !isStopped else { return }
        timer = onAgent { reporter in
            await reporter.ports.wait(max(at, reporter.ports.now().addingTimeInterval(1)))
            guard !Task.isCancelled else { return }
            reporter.begin()
        }
    }

    var now: Timestamp { Timestamp(ports.now()) }

    /// The device's place in the fleet.
    var fraction: Double {
        Schedule.fraction(digest: ports.cryptography.sha256(Array((observation?.device.id ?? "").utf8)))
    }
}
