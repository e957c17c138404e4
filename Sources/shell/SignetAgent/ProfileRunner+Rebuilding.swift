import Enrollment
import JournalEntries
import Profiles
import SCEP

extension ProfileRunner {
    /// The profile's state; made anew out of what lies beside it where the file is damaged or gone. What cannot be read
    /// now, or only by a newer program, throws.
    static func takeState(
        from store: ProfileStore, _ profile: Profile, _ context: RunnerContext, _ ports: AgentPorts
    ) throws -> StateDocument {
        let reason: String
        do {
            return try store.loadState()
        } catch is LostState {
            reason = "state.json is gone"
        } catch is DecodingError {
            reason = "state.json could not be understood, and lies there as state.json.damaged"
        }
        let request: PendingRequest?
        do { request = try store.pendingRequest() } catch  where error.isDamage { request = nil }
        let rules = profile.rules(context, ports)
        let newest = try store.latestGeneration(where: ports.isPair)
        let latest = try store.generations(of: nil, now: ports.now(), where: ports.isPair).current
        var document = StateDocument(
            state: .rebuilt(
                request?.transaction(at: ports.now()), identity: latest?.facts, rules: rules, because: reason,
                now: ports.now()))
        // Another device's id alone proves nothing: this machine may have lost its own, and made a new one.
        if let newest, let marks = newest.machine, let traits = context.traits,
            marks.ruleOut(traits, digest: ports.cryptography.sha256)
        {
            document.state.disown(newest.number, of: marks.device, now: ports.now())
        }
        try store.setStateAside()
        try store.save(document)
        for problem in document.state.problems { ports.log(from: nil, to: problem, [.profile: "\(profile.name)"]) }
        return document
    }
}

/// A profile's folder has keys or certificates, and no state file.
struct LostState: Error {}
