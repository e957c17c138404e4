import Enrollment
import FoundationEssentials
import Installation
import JournalEntries
import Profiles
import SCEP

/// Whether this is the machine that the agent's folder was written on, or one that has a copy of its disk.
extension Agent {
    /// Looks once a boot, before anything is done with what lies in the folder. A machine that has only a copy gets an id
    /// of its own, since two that report under one would be taken for one that contradicts itself; and what the other's
    /// profiles hold is disowned. Where the installer cannot say what the firmware does, nothing is concluded.
    func recognizeMachine() async {
        guard !memory.id.isEmpty else { return }
        let boot = ports.boot()
        if boot != nil, memory.machine != nil, memory.comparedIn == boot, !hasLostState {
            knowsMachine = true
            return
        }
        guard let firmware = try? await ports.installer.deviceFacts() else { return }
        var traits = ports.traits()
        traits.productUUID = firmware.productUUID
        traits.productSerial = firmware.productSerial
        self.traits = traits
        let digest = ports.cryptography.sha256
        do {
            var next = memory
            next.comparedIn = boot
            let isCopy = memory.machine?.ruleOut(traits, digest: digest) ?? false
            isMachineUnsettled = isCopy
            try await disownProfiles(traits, isCopy: isCopy)
            if isCopy {
                // They are the other machine's to send, under its id.
                await reporter.leaveReports()
                for path in ["outbox", "reports.json"] { try ports.files.remove(path) }
                next.id = try AgentMemory.fresh(ports).id
                next.serialNumber = nil
                next.machine = MachineMarks(traits, device: next.id, digest: digest)
            } else {
                next.machine =
                    memory.machine?.updated(traits, digest: digest)
                    ?? MachineMarks(traits, device: memory.id, digest: digest)
            }
            // Last: what a crash leaves undone before is found again.
            try next.save(ports)
            if isCopy {
                ports.log(
                    JournalEntry(
                        .deviceRenewed,
                        "this machine has a copy of the disk of the device \(memory.id): from now on it is the device \(next.id)"
                    ))
            }
            memory = next
            knowsMachine = true
            isMachineUnsettled = false
        } catch {
            storage = Problem(.storage, since: storage?.since ?? ports.now(), detail: "\(error)")
        }
    }

    /// Whether a profile's state will be made anew, and with it what it knew of the machine.
    private var hasLostState: Bool {
        let names = ((try? ports.files.names(in: "profiles")) ?? []).compactMap { ProfileName($0) }
        return names.contains { name in
            do {
                _ = try ProfileStore(name, files: ports.files).loadState()
                return false
            } catch {
                return error.isDamage || error is LostState
            }
        }
    }

    /// Has each profile know what on its disk is another machine's. One whose state cannot be read is left alone by its
    /// runner, too.
    private func disownProfiles(_ traits: MachineTraits, isCopy: Bool) async throws {
        let digest = ports.cryptography.sha256
        for name in try ports.files.names(in: "profiles").compactMap({ ProfileName($0) }) {
            let store = ProfileStore(name, files: ports.files)
            var document: StateDocument
            do {
                document = try store.loadState()
            } catch  where error.isDamage || error is LostState {
                // What its runner makes it anew of must not be another machine's.
                if isCopy { try store.discardPending() }
                continue
            } catch {
                continue
            }
            let found = Result { try store.latestGeneration(where: ports.isPair) }
            if case .failure = found, !isCopy { continue }
            let latest = try found.get()
            // Those of this device are kept up to date; what an identity remembers is how the machine was.
            let issued = latest?.machine
            let marks = issued == nil || issued?.device == memory.machine?.device ? memory.machine : issued
            let before = document.state
            let isForeign = marks?.ruleOut(traits, digest: digest) == true
            if isCopy || isForeign && !before.hasDisowned(latest?.number) {
                isMachineUnsettled = true
                // A key that was made on another machine is none of this one's, whether it was used there or not.
                try store.discardPending()
                document.state.leaveRequests()
                if isForeign, let latest {
                    document.state.disown(latest.number, of: marks?.device ?? memory.id, now: ports.now())
                }
            }
            if !isForeign, latest?.machine != nil { document.state.recognize() }
            guard document.state != before else { continue }
            await runners.removeValue(forKey: name)?.stop()
            try store.save(document)
            let entries = JournalEntry.changes(
                from: before.problems, to: document.state.problems, [.profile: "\(name)"])
            for entry in entries { ports.log(entry) }
        }
    }
}
