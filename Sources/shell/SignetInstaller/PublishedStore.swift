import Faults
import Installation
import Profiles
import Secrets
import X509

/// The published folders: generations side by side, and one link to the current one.
struct PublishedStore {
    /// Most bytes of one published file.
    private static let fileLimit = 1024 * 1024

    let files: any InstalledFiles
    let layout: PublishedLayout
    let ownership: Ownership

    /// The certificate that readers get now; nil where there is none that can be read.
    func currentCertificate(of profile: ProfileName) -> Certificate? {
        let bytes = try? files.read("\(layout.current(profile))/cert.pem", limit: Self.fileLimit)
        return bytes.flatMap { try? PEM.certificates(in: $0).first }
    }

    /// Writes a generation, compares it with what was meant, switches to it, and compares what readers get.
    ///
    /// - Parameters:
    ///   - group: the number of the group that may read the key.
    ///   - discardsPrevious: nothing is left for readers of what was current before.
    func publish(_ plan: PublicationPlan, group: UInt32?, discardsPrevious: Bool) throws {
        let attempted = "publish generation \(plan.generation) of '\(plan.profile)'"
        let folder = layout.folder(plan.profile)
        let previous = try writing(attempted) { try files.linkTarget(layout.current(plan.profile)) }
        let name = generationName(for: plan, current: previous)
        try writing(attempted) {
            try files.makeDirectories(layout.base, mode: 0o755)
            // Both were on disk before there was a link.
            for path in [layout.base, folder] { try makeFolder(path, isOnDisk: previous != nil) }
            // Whatever has this name and is not current never was, or a crash left it.
            if name != previous { try files.discard("\(folder)/\(name)") }
            try makeFolder("\(folder)/\(name)", isOnDisk: true)
            for file in plan.files where try difference(of: file, in: "\(folder)/\(name)", group: group) != nil {
                try write(file, in: "\(folder)/\(name)", group: group, isRead: name == previous)
            }
            for path in ["\(folder)/\(name)", folder] { try files.syncFolder(path) }
            // Before anybody reads it, and as its readers do.
            try compare(plan, in: "\(folder)/\(name)", group: group, attempted)
            if name != previous { try files.createSymlinkAtomically(target: name, at: layout.current(plan.profile)) }
            try compare(plan, in: layout.current(plan.profile), group: group, attempted)
        }
        if discardsPrevious {
            removeGenerations(of: plan.profile, keeping: [name])
        } else if name != previous {
            removeGenerations(of: plan.profile, keeping: [name, previous])
        }
    }

    /// Throws `.readBackDiffers` unless a folder holds what was meant.
    private func compare(_ plan: PublicationPlan, in folder: String, group: UInt32?, _ attempted: String) throws {
        for file in plan.files {
            guard let found = try difference(of: file, in: folder, group: group) else { continue }
            throw InstallationFault(
                .readBackDiffers, attempted: attempted, expected: "'\(file.name)' as it was written", got: found)
        }
    }

    /// Removes everything of a profile.
    func withdraw(_ profile: ProfileName) throws {
        let attempted = "withdraw '\(profile)'"
        try writing(attempted) {
            guard try files.ownership(of: layout.folder(profile)) != nil else { return }
            // The link first: readers find nothing rather than half.
            try files.removeFile(layout.current(profile))
            try files.removeTree(layout.folder(profile))
        }
    }

    /// A number that is current with another certificate, as after signetd lost its state, gets a folder of its own:
    /// what readers have open never changes.
    private func generationName(for plan: PublicationPlan, current: String?) -> String {
        let name = PublishedLayout.generationName(plan.generation)
        guard let current, current == name || current == name + "-again" else { return name }
        if currentCertificate(of: plan.profile) == plan.certificate { return current }
        return current == name ? name + "-again" : name
    }

    /// - Parameter isOnDisk: it is, or the caller sees to it.
    private func makeFolder(_ path: String, isOnDisk: Bool) throws {
        let make = isOnDisk ? files.stageDirectory : files.makeDirectory
        try make(path, 0o755, ownership.owner, ownership.group)
    }

    /// - Parameter isRead: the folder is the one that readers have now.
    private func write(_ file: PublishedFile, in folder: String, group: UInt32?, isRead: Bool) throws {
        let path = "\(folder)/\(file.name)"
        let mode = file.mode(hasGroup: group != nil)
        let (owner, keyGroup) = (ownership.owner, group ?? ownership.group)
        switch (file.content, isRead) {
        case (.open(let bytes), true):
            try files.replace(path, with: bytes, mode: mode, owner: owner, group: ownership.group)
        case (.open(let bytes), false):
            try files.stage(path, with: bytes, mode: mode, owner: owner, group: ownership.group)
        case (.secret(let secret), true):
            try files.writeSecret(secret, to: path, mode: mode, owner: owner, group: keyGroup)
        case (.secret(let secret), false):
            try files.stageSecret(secret, to: path, mode: mode, owner: owner, group: keyGroup)
        }
    }

    /// What is not as it should be about a file: nil where bytes, owner, group and mode are.
    private func difference(of file: PublishedFile, in folder: String, group: UInt32?) throws -> String? {
        let path = "\(folder)/\(file.name)"
        guard let found = try files.ownership(of: path) else { return "nothing" }
        let isSame: Bool
        var expectedGroup = ownership.group
        switch file.content {
        case .open(let bytes): isSame = try files.read(path, limit: Self.fileLimit) == bytes
        case .secret(let secret):
            expectedGroup = group ?? ownership.group
            let other = try files.readSecret(path, limit: Self.fileLimit)
            isSame = secret.withBytes { one in other.withBytes { one.elementsEqual($0) } }
        }
        guard isSame else { return "other bytes" }
        let mode = file.mode(hasGroup: group != nil)
        guard (found.owner, found.group, found.mode) == (ownership.owner, expectedGroup, mode) else {
            return "owner \(found.owner):\(found.group), mode \(String(found.mode, radix: 8))"
        }
        return nil
    }

    /// What cannot be removed now is removed with the next switch; what was asked for is done.
    private func removeGenerations(of profile: ProfileName, keeping kept: [String?]) {
        let folder = layout.folder(profile)
        guard let names = try? files.list(folder, limit: 10_000) else { return }
        for name in names where PublishedLayout.isGenerationName(name) && !kept.contains(name) {
            try? files.discard("\(folder)/\(name)")
        }
    }

    private func writing<Value>(_ attempted: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let fault as InstallationFault {
            throw fault
        } catch {
            throw InstallationFault(.writeFailed, attempted: attempted, cause: error)
        }
    }
}
