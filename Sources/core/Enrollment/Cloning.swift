package import FoundationEssentials

/// An identity on a copy of its machine's disk. It is the other machine's: it is kept until there is one of this
/// machine's own, and signs nothing.
extension EnrollmentState {
    /// Whether the current identity was issued to another machine.
    package var isForeign: Bool {
        guard let identity, let foreignGeneration else { return false }
        return identity.generation <= foreignGeneration
    }

    /// Whether a generation is this machine's, and what was published before it another one's.
    package func followsForeign(_ generation: Int) -> Bool {
        guard let foreignGeneration, generation > foreignGeneration else { return false }
        return (published ?? 0) <= foreignGeneration
    }

    /// Whether this is known already of the newest generation on the disk, nil where there is none.
    package func hasDisowned(_ latest: Int?) -> Bool { (foreignGeneration ?? 0) >= latest ?? 0 }

    /// What is under way was begun on another machine, which asks after its own requests. Whether a challenge was spent
    /// there is remembered: it came here with the disk.
    package mutating func leaveRequests() {
        transaction = nil
        retry = nil
        clear(ProblemCode.ofRequests)
    }

    /// The newest generation on the disk was issued to another machine, that of this device.
    package mutating func disown(_ latest: Int, of device: String, now: Date) {
        foreignGeneration = latest
        next = nil
        replaced = nil
        raise(.cloned, detail: "it was issued to the device \(device)", now: now)
    }

    /// The disk is back in the machine that its identity was issued to.
    package mutating func recognize() {
        foreignGeneration = nil
        clear([.cloned])
    }
}
