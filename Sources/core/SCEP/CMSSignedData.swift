import Faults
import X509

/// The outer parts of a SignedData (RFC 5652 §5.1), common to signed messages and to bundles of certificates.
struct CMSSignedData {
    /// eContent put together; nil where absent.
    let content: [UInt8]?
    /// Whole encodings.
    let certificates: [[UInt8]]
    /// Whole encodings.
    let revocationLists: [[UInt8]]
    /// Over the SignerInfos.
    let signers: DERCursor

    init(reading info: inout CMSContentInfo, certificateLimit: Int) throws {
        guard info.type == CMSContentType.signedData else {
            throw info.fault(.unexpectedContentType, expected: "signedData", got: "\(info.type)")
        }
        var data = try info.readStructure()
        let version = try data.readSmallInteger()
        guard (1...5).contains(version) else {
            throw info.fault(.unexpectedVersion, expected: "1 to 5", got: "\(version)")
        }
        // digestAlgorithms: a hint for one-pass readers, and each signer names its own.
        _ = try data.next(.set)
        content = try Self.readContent(&data, info)
        certificates = try Self.readCertificates(&data, limit: certificateLimit, info)
        revocationLists = try Self.readRevocationLists(&data, info)
        signers = try data.inside(try data.next(.set))
        try data.finish()
    }

    /// One that carries certificates and lists alone (RFC 8894 §3.4).
    init(degenerate info: inout CMSContentInfo, certificateLimit: Int) throws {
        try self.init(reading: &info, certificateLimit: certificateLimit)
        guard signers.isAtEnd else { throw info.fault(.notDegenerate, expected: "no signer", got: "one") }
        guard content?.isEmpty ?? true else {
            throw info.fault(.notDegenerate, expected: "no content", got: "\(content?.count ?? 0) bytes")
        }
    }

    /// EncapsulatedContentInfo; its type has to be data (RFC 8894 §3.2).
    private static func readContent(_ data: inout DERCursor, _ info: CMSContentInfo) throws -> [UInt8]? {
        var inner = try data.inside(try data.next(.sequence))
        let type = try inner.readObjectIdentifier()
        guard type == CMSContentType.data else {
            throw info.fault(.unexpectedContentType, expected: "content of type data", got: "\(type)")
        }
        guard !inner.isAtEnd else { return nil }
        var explicit = try inner.inside(try inner.next(.context(0)))
        let content = try explicit.readOctetString()
        try explicit.finish()
        try inner.finish()
        return content
    }

    /// CertificateSet: X.509 certificates and none of the other kinds.
    private static func readCertificates(
        _ data: inout DERCursor, limit: Int, _ info: CMSContentInfo
    ) throws -> [[UInt8]] {
        guard let element = try data.nextIf(.context(0)) else { return [] }
        var set = try data.inside(element)
        var certificates: [[UInt8]] = []
        while let tag = set.nextTag {
            guard tag == .sequence else {
                throw info.fault(.certificateKind, expected: "X.509 certificates", got: "\(tag)")
            }
            guard certificates.count < limit else {
                throw info.fault(.certificateCount, expected: "at most \(limit) certificates", got: "more")
            }
            certificates.append(set.encoding(of: try set.next()))
        }
        return certificates
    }

    /// RevocationInfoChoices: CRLs; those of other kinds (RFC 5652 §10.2.1) are passed over.
    private static func readRevocationLists(_ data: inout DERCursor, _ info: CMSContentInfo) throws -> [[UInt8]] {
        guard let element = try data.nextIf(.context(1)) else { return [] }
        var set = try data.inside(element)
        var lists: [[UInt8]] = []
        while let tag = set.nextTag {
            let list = try set.next()
            guard lists.count < 8 else {
                throw info.fault(.certificateCount, expected: "at most 8 revocation lists", got: "more")
            }
            if tag == .sequence { lists.append(set.encoding(of: list)) }
        }
        return lists
    }
}
