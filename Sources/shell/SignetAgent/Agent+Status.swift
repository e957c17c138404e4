package import ControlProtocol
import FoundationEssentials

/// What is told of it all: to callers, to watchers and in the status files.
extension Agent {
    /// The status document, of one profile or of all.
    package func status(_ profile: String?) async throws -> StatusDocument {
        var document = await compose()
        guard let profile else { return document }
        guard document.profiles.contains(where: { $0.name == profile }) else { throw AgentError.noSuchProfile(profile) }
        document.profiles.removeAll { $0.name != profile }
        return document
    }

    /// The status document at once and after every change, newest only for a slow reader.
    ///
    /// The first one comes from a round like all others: one that was composed beside a round could take the place of
    /// the newer one in the stream.
    package func changes() async -> AsyncStream<StatusDocument> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StatusDocument.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        watchers[id] = continuation
        continuation.onTermination = { _ in self.onAgent { $0.forget(id) } }
        await refresh()
        return stream
    }

    private func forget(_ id: UUID) { watchers[id] = nil }

    /// Writes status and metrics, and tells watchers; calls that come meanwhile are answered by one more round. Steps of
    /// an exchange are for watchers: they are not written each.
    func refresh(_ change: StatusChange = .content) async {
        guard !isRefreshing else { return mustRefreshAgain = true }
        // Nobody would see it.
        if change == .step, watchers.isEmpty, written?.isRecent(at: ports.now()) == true { return }
        isRefreshing = true
        repeat {
            mustRefreshAgain = false
            let isJudged = await isJudged()
            let document = await compose()
            if await observe(document) { mustRefreshAgain = true }
            if isJudged, written?.says(document) != true {
                write(document)
            }
            for watcher in watchers.values { watcher.yield(document) }
            needChange?.yield()
        } while mustRefreshAgain
        isRefreshing = false
    }

    /// Whether the device tag of each profile is known. Before that it would read as lost, at every start of a process;
    /// the files of the last process are truer.
    private func isJudged() async -> Bool {
        for runner in runners.values where await runner.awaitsFirstJudgement { return false }
        return true
    }

    private func write(_ document: StatusDocument) {
        do {
            try ports.publish("status.json", Array(try document.json()))
            try ports.publish("metrics.prom", Array(MetricsText.render(document).utf8))
            written = document
        } catch {
            ports.log(ignored: "the status files could not be written: \(error)")
        }
    }

    func compose() async -> StatusDocument {
        let now = ports.now()
        let reports = await reporter.summary
        var profiles: [StatusDocument.Profile] = []
        for name in order {
            guard let runner = runners[name] else { continue }
            profiles.append(await runner.status())
            if let serial = await runner.serialNumber, serial != memory.serialNumber {
                memory.serialNumber = serial
                saveMemory()
            }
        }
        let own = ((storage ?? unkept).map { [$0] } ?? []) + (await withdrawals?.problems ?? [])
        return StatusDocument(
            writtenAt: Timestamp(now), nextTick: Timestamp(Self.nextTick(after: now)),
            agent: StatusDocument.Agent(version: ports.versions.agent, openssl: ports.versions.openssl),
            device: StatusDocument.Device(
                id: memory.id, hostname: hostname, serialNumber: memory.serialNumber),
            outbox: reports.outbox,
            problems: (refused.map(\.problem) + own).map { StatusDocument.Problem($0) } + reports.problems,
            profiles: profiles)
    }
}

extension StatusDocument {
    /// Whether a file with this is not yet to be written again for its age.
    fileprivate func isRecent(at now: Date) -> Bool { (0..<60).contains(now.timeIntervalSince(writtenAt.date)) }

    /// Whether this still tells a reader of files what the other does: all but that an exchange runs and how far it is, and for no
    /// longer than a minute, since readers look at how old a file is.
    fileprivate func says(_ other: StatusDocument) -> Bool {
        guard isRecent(at: other.writtenAt.date) else { return false }
        var other = other
        other.writtenAt = writtenAt
        for (index, profile) in profiles.enumerated() where other.profiles.indices.contains(index) {
            guard let transaction = other.profiles[index].transaction, transaction.step != "pending" else { continue }
            other.profiles[index].transaction = profile.transaction
            other.profiles[index].state = profile.state
            other.profiles[index].next = profile.next
        }
        return self == other
    }
}
