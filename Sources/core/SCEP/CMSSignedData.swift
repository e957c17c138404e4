import Faults
import X509

/// The outer parts of a SignedData (RFC 5652 §5.1), common to signed messages and to bundles of certificates.
struct CMSSignedData {
    /// eContent put together; nil where absent.
    let content: [UInt8]?
    /// Whole encodings.
    let certificates: [[UInt8]]
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
        // CRLs are fetched from where certificates say.
        _ = try data.nextIf(.context(1))
        signers = try data.inside(try data.next(.set))
        try data.finish()
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
}
