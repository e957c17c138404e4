import Enrollment
import FoundationEssentials
import Profiles
import SCEP
import Secrets
import X509

/// A profile's folder: `state.json`, `pending/`, `generations/NNNN/`, `revocation/`. Owns the layout and nothing else.
struct ProfileStore: Sendable {
    private let files: any StateFiles
    private let folder: String

    private static let keyLimit = 64 * 1024
    private static let documentLimit = 1024 * 1024
    static let revocationListLimit = 20 * 1024 * 1024

    init(_ profile: ProfileName, files: any StateFiles) {
        self.files = files
        folder = "profiles/\(profile)"
    }

    // MARK: state

    /// The state, and the fields of its file that this version does not know; a new state where there is none.
    ///
    /// Throws `DecodingError` where the file is damaged, `LostState` where it is gone from beside others, and
    /// `NewerVersion` where only a newer program can read it.
    func loadState() throws -> StateDocument {
        if let bytes = try files.read("\(folder)/state.json", limit: Self.documentLimit) {
            return try StateDocument(json: bytes)
        }
        // Whatever else lies there came after it.
        guard try files.names(in: folder).allSatisfy({ $0 == "profile.toml" }) else { throw LostState() }
        return StateDocument(state: EnrollmentState())
    }

    /// Puts a damaged state file aside, for people to look at.
    func setStateAside() throws {
        guard try files.read("\(folder)/state.json", limit: Self.documentLimit) != nil else { return }
        try files.rename("\(folder)/state.json", to: "\(folder)/state.json.damaged")
    }

    func save(_ document: StateDocument) throws {
        try files.makeFolder(folder)
        try files.write(try document.json(), to: "\(folder)/state.json", mode: 0o600)
    }

    // MARK: the profile

    /// The profile's file as it last was without errors; nil where none was kept.
    func keptProfile() throws -> [UInt8]? { try files.read("\(folder)/profile.toml", limit: Self.documentLimit) }

    /// Keeps the profile's file, unless the disk has it already.
    func keep(profile text: [UInt8]) throws {
        guard try keptProfile() != text else { return }
        try files.makeFolder(folder)
        try files.write(text, to: "\(folder)/profile.toml", mode: 0o600)
    }

    func forgetProfile() throws { try files.remove("\(folder)/profile.toml") }

    // MARK: pending

    /// Whether a whole request lies there, of which replies can be understood.
    var hasPending: Bool {
        get throws { Set(try files.names(in: pending)).isSuperset(of: ["key.pem", "request.der", "transaction.json"]) }
    }

    func pendingKey() throws -> Secret? { try files.readSecret("\(pending)/key.pem", limit: Self.keyLimit) }

    /// The key that opens replies in place of one that cannot; nil where `key.pem` can, or it is gone.
    func pendingTransportKey() throws -> Secret? { try files.readSecret(transport, limit: Self.keyLimit) }

    /// The certificate beside the key; nil where there is none, or it is none.
    func pendingSigner() throws -> Certificate? {
        try files.read("\(pending)/signer.der", limit: Self.documentLimit).flatMap { try? Certificate(der: $0) }
    }

    /// The challenge that the transaction's messages are encrypted under; nil where they are not, or it is gone.
    func pendingPassword() throws -> Secret? {
        try files.readSecret(password, limit: Self.keyLimit).flatMap { $0.count > 0 ? $0 : nil }
    }

    /// Kept for as long as replies may come: what the challenge's place holds by then may be another.
    func save(pendingPassword: Secret) throws {
        try files.makeFolder(pending)
        try write(pendingPassword, to: password)
    }

    func save(_ pendingKey: PendingKey) throws {
        try files.makeFolder(pending)
        if let key = pendingKey.transport { try write(key, to: transport) }
        try write(pendingKey.key, to: "\(pending)/key.pem")
        if let signer = pendingKey.signer { try files.write(signer.der, to: "\(pending)/signer.der", mode: 0o600) }
    }

    private func write(_ secret: Secret, to path: String) throws {
        try files.writeSecret(secret, to: path, mode: 0o600)
        let found = try files.readSecret(path, limit: Self.keyLimit)
        let isThere = secret.withBytes { made in found?.withBytes { made.elementsEqual($0) } ?? false }
        guard isThere else { throw NotReadBack(path: path) }
    }

    /// The request, synced and read back before its first byte is sent, and before the state says that it may be.
    func savePending(_ request: PendingRequest) throws {
        try files.makeFolder(pending)
        try files.stage(request.message, to: "\(pending)/request.der", mode: 0o600)
        try files.stage(Array(try StateJSON.encoder().encode(request)), to: "\(pending)/transaction.json", mode: 0o600)
        // The key once more: whoever put it there, without it nothing comes of what is sent.
        try files.syncFolder(pending, files: ["key.pem", "request.der", "transaction.json"])
        guard try pendingRequest() == request else { throw NotReadBack(path: pending) }
    }

    func pendingRequest() throws -> PendingRequest? {
        guard let bytes = try files.read("\(pending)/transaction.json", limit: Self.documentLimit),
            let message = try files.read("\(pending)/request.der", limit: Self.documentLimit)
        else { return nil }
        var request = try StateJSON.decode(PendingRequest.self, from: bytes, version: PendingRequest.knownVersion)
        request.message = message
        return request
    }

    /// The key first: where the rest is not reached any more, no request is made with it again.
    func discardPending() throws {
        try files.remove("\(pending)/key.pem")
        try removeTransactionSecrets()
        try files.remove(pending)
    }

    // MARK: generations

    /// Turns pending/ into the next generation. The rename commits: before it nothing changed, after it all is there.
    /// Where an earlier try came as far as the rename, and the disk failed to sync it, that is made up for.
    ///
    /// - Parameter machine: the one that it is issued to.
    func commitPending(_ issued: IssuedCertificate, at time: Date, machine: MachineMarks? = nil) throws -> Generation {
        if let renamed = try latestGeneration(), renamed.certificate == issued.leaf,
            try !files.names(in: pending).contains("key.pem")
        {
            for parent in ["\(folder)/generations", folder] { try files.syncFolder(parent, files: []) }
            discardRequest(in: renamed.number)
            return renamed
        }
        var meta = GenerationMeta(
            issuedAt: time, certificate: Data(issued.leaf.der), chain: issued.chain.map { Data($0.der) },
            root: issued.root.map { Data($0.der) }, machine: machine)
        if let usedFrom = issued.usedFrom { (meta.version, meta.usedFrom) = (GenerationMeta.knownVersion, usedFrom) }
        try files.stage(issued.leaf.der, to: "\(pending)/certificate.der", mode: 0o600)
        try stage(chain: issued.chain)
        try files.stage(Array(try StateJSON.encoder().encode(meta)), to: "\(pending)/meta.json", mode: 0o600)
        guard let written = try generation(0, in: pending), written.certificate == issued.leaf,
            written.chain == issued.chain
        else { throw NotReadBack(path: pending) }
        // The key was, before it stood in a request.
        let number = try renamePending(syncing: ["certificate.der", "chain.pem", "meta.json"])
        return Generation(
            number: number, certificate: issued.leaf, chain: issued.chain, root: issued.root, machine: machine,
            usedFrom: issued.usedFrom)
    }

    /// Whether a commit was cut short between the last file that it writes and its rename. A crash may have left any of
    /// them without its content.
    var hasCutCommit: Bool {
        get throws {
            guard try files.names(in: pending).contains("key.pem"), let meta = try meta(in: pending),
                let der = try files.read("\(pending)/certificate.der", limit: Self.documentLimit),
                (try? Certificate(der: der)) != nil
            else { return false }
            // Older versions did not write it twice.
            return meta.certificate.map { Array($0) == der } ?? true
        }
    }

    /// Ends a commit that was cut short: certificate, key and chain are there, and were verified before.
    func finishCommit() throws {
        try stage(chain: generation(0, in: pending)?.chain ?? [])
        _ = try renamePending(syncing: ["certificate.der", "chain.pem", "key.pem", "meta.json"])
    }

    private func stage(chain: [Certificate]) throws {
        try files.stage(
            chain.flatMap { PEM.encode($0.der, label: PEM.certificateLabel) }, to: "\(pending)/chain.pem", mode: 0o600)
    }

    /// Everything in pending/ is on disk before it takes its number; the process that wrote it may have been killed.
    private func renamePending(syncing names: Set<String>) throws -> Int {
        try files.syncFolder(pending, files: names)
        // All that a generation has is there. It has no secret but its own key, at no moment.
        try removeTransactionSecrets()
        let number = (try generationNumbers().last ?? 0) + 1
        try files.makeFolder("\(folder)/generations")
        try files.rename(pending, to: path(of: number))
        discardRequest(in: number)
        return number
    }

    private func discardRequest(in number: Int) {
        for leftover in ["request.der", "signer.der", "transaction.json"] {
            try? files.discard("\(path(of: number))/\(leftover)")
        }
    }

    /// The newest generation that is of use: its key is there, and its certificate, and they fit. nil where none is.
    /// Throws where one cannot be read now.
    ///
    /// - Parameters:
    ///   - end: only those before that number.
    ///   - isPair: whether the key is the certificate's.
    func latestGeneration(
        before end: Int = .max, where isPair: (Secret, Certificate) throws -> Bool = { _, _ in true }
    ) throws -> Generation? {
        for number in try generationNumbers().reversed() where number < end {
            guard let key = try key(of: number), let generation = try generation(number) else { continue }
            if try isPair(key, generation.certificate) { return generation }
        }
        return nil
    }

    /// The newest generation to be used now, and the one beside it whose time has not come.
    ///
    /// - Parameter state: one that was issued ahead of its time counts only where this knows of it; nil where nothing is
    ///   known, and what waits is left alone.
    func generations(
        of state: EnrollmentState?, now: Date, where isPair: (Secret, Certificate) throws -> Bool
    ) throws -> (current: Generation?, next: Generation?) {
        let hasPending = try hasPending
        func latest(before end: Int = .max) throws -> Generation? {
            guard let one = try latestGeneration(before: end, where: isPair) else { return nil }
            let counts = state?.expects(one.facts, hasPending: hasPending, now: now) ?? !one.facts.waits(now: now)
            return counts ? one : try latest(before: one.number)
        }
        let newest = try latest()
        guard let newest, newest.facts.waits(now: now) else { return (newest, nil) }
        return (try latest(before: newest.number), newest)
    }

    /// nil where there is no certificate any more.
    func generation(_ number: Int) throws -> Generation? { try generation(number, in: path(of: number)) }

    /// Certificate and chain are there twice, so that either file may be damaged.
    private func generation(_ number: Int, in folder: String) throws -> Generation? {
        func certificate(_ der: some Sequence<UInt8>) -> Certificate? { try? Certificate(der: Array(der)) }
        let meta = try meta(in: folder)
        let beside = try files.read("\(folder)/certificate.der", limit: Self.documentLimit)
        guard let leaf = meta?.certificate.flatMap(certificate) ?? beside.flatMap(certificate) else { return nil }
        let chain = try meta?.chain.compactMap(certificate) ?? chain(in: folder)
        return Generation(
            number: number, certificate: leaf, chain: chain, root: meta?.root.flatMap(certificate),
            machine: meta?.machine, usedFrom: meta?.usedFrom)
    }

    /// nil where there is none, or it is damaged.
    private func meta(in folder: String) throws -> GenerationMeta? {
        guard let bytes = try files.read("\(folder)/meta.json", limit: Self.documentLimit) else { return nil }
        do {
            return try StateJSON.decode(GenerationMeta.self, from: bytes, version: GenerationMeta.knownVersion)
        } catch is DecodingError {
            return nil
        }
    }

    private func chain(in folder: String) throws -> [Certificate] {
        let bytes = try files.read("\(folder)/chain.pem", limit: Self.documentLimit)
        return bytes.flatMap { try? PEM.certificates(in: $0) } ?? []
    }

    func key(of number: Int) throws -> Secret? {
        try files.readSecret("\(path(of: number))/key.pem", limit: Self.keyLimit)
    }

    /// Removes what is older than the generation before this one, and what was another machine's. What a crash brings back
    /// is removed by the next.
    ///
    /// - Parameter spared: one that may be used again.
    func prune(before number: Int, foreign: Int?, sparing spared: Int? = nil) throws {
        for old in try generationNumbers()
        where old != spared && (old < number - 1 || (old < number && old <= foreign ?? 0)) {
            try files.discard(path(of: old))
        }
    }

    private func generationNumbers() throws -> [Int] {
        try files.names(in: "\(folder)/generations").compactMap { Int($0) }.filter { $0 > 0 }.sorted()
    }

    // MARK: revocation lists

    /// The last list from a URL, by the URL's digest: nobody has looked yet whether it is good.
    func revocationList(_ digest: String) -> [UInt8]? {
        (try? files.read("\(folder)/revocation/\(digest).crl", limit: Self.revocationListLimit)) ?? nil
    }

    func save(revocationList: [UInt8], digest: String) throws {
        try files.makeFolder("\(folder)/revocation")
        try files.write(revocationList, to: "\(folder)/revocation/\(digest).crl", mode: 0o600)
    }

    private func removeTransactionSecrets() throws {
        let names = try files.names(in: pending)
        for (name, path) in [("transport.pem", transport), ("challenge", password)] where names.contains(name) {
            try files.remove(path)
        }
    }

    private var pending: String { "\(folder)/pending" }
    private var transport: String { "\(pending)/transport.pem" }
    private var password: String { "\(pending)/challenge" }

    private func path(of number: Int) -> String {
        let digits = String(number)
        return "\(folder)/generations/" + String(repeating: "0", count: max(4 - digits.count, 0)) + digits
    }
}

/// The disk said that it had written something, and has not.
struct NotReadBack: Error, CustomStringConvertible {
    let path: String
    var description: String {
        "what was read back from '\(path)' is not what was written; the disk may be failing: see journalctl -k"
    }
}

/// One issued certificate of a profile, as it lies on disk; its key stays there until it is needed.
struct Generation: Sendable, Equatable {
    let number: Int
    let certificate: Certificate
    /// From the leaf's issuer upward.
    let chain: [Certificate]
    /// The self-signed root above, where the server offered it.
    let root: Certificate?
    /// The machine that it was issued to, where that was kept.
    var machine: MachineMarks?
    /// From when on it is used, where it was issued ahead of that.
    var usedFrom: Date?

    var facts: IdentityFacts {
        IdentityFacts(
            generation: number, notBefore: certificate.notBefore, notAfter: certificate.notAfter,
            isSignOnly: !certificate.publicKey.receives, usedFrom: usedFrom)
    }
}
