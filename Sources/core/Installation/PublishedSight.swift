/// What anybody can see of a published generation: content where everybody may read, and of each file how large it is and
/// who may open it.
package struct PublishedSight: Sendable {
    /// One file from outside.
    package struct File: Sendable {
        let owner: UInt32
        let mode: UInt32
        let size: Int
        /// nil where it is not for everybody.
        let content: [UInt8]?

        package init(owner: UInt32, mode: UInt32, size: Int, content: [UInt8]? = nil) {
            self.owner = owner
            self.mode = mode
            self.size = size
            self.content = content
        }
    }

    private let certificate: File
    private let chain: File
    private let fullChain: File
    private let key: File
    private let combined: File

    package init(certificate: File, chain: File, fullChain: File, key: File, combined: File) {
        self.certificate = certificate
        self.chain = chain
        self.fullChain = fullChain
        self.key = key
        self.combined = combined
    }

    /// Whether the files can be those of one publication. A key of other bytes and the same length cannot be told.
    package var isWhole: Bool {
        guard let certificate = certificate.content, let chain = chain.content else { return false }
        return fullChain.content == certificate + chain && key.size > 0
            && combined.size == key.size + fullChain.size
            && [self.certificate, self.chain, fullChain].allSatisfy { $0.mode == 0o644 && $0.owner == key.owner }
            && [key, combined].allSatisfy { [0o600, 0o640].contains($0.mode) && $0.owner == key.owner }
    }
}
