import Faults
package import FoundationEssentials
import Secrets
package import X509

/// What a CA is asked of certificates that it has issued.
package enum Query: Sendable, Equatable {
    /// GetCert: the certificate itself (RFC 8894 §3.3.4, §4.5).
    case certificate(issuer: DistinguishedName, serialNumber: [UInt8])
    /// GetCRL: the list that would name this certificate (RFC 8894 §3.3.4, §4.6). Where a certificate or the PKI names a place
    /// to fetch the list from, that place is asked instead (§2.7).
    case revocationList(issuer: DistinguishedName, serialNumber: [UInt8])

    var messageType: MessageType {
        switch self {
        case .certificate: .getCert
        case .revocationList: .getCRL
        }
    }

    /// IssuerAndSerialNumber (RFC 5652 §10.2.4), which both messages carry.
    var identifier: [UInt8] {
        switch self {
        case .certificate(let issuer, let serial), .revocationList(let issuer, let serial):
            DERWriter.sequence(issuer.der, DERWriter.integer(content: serial))
        }
    }
}

/// What a CA answers to a query.
package enum QueryVerdict: Sendable, Equatable {
    case certificate(Certificate)
    /// DER, signed by the admitted CA that the query names. Whether it is of today is for the reader to see.
    case revocationList([UInt8])
    /// `text` is the server's own, limited and printable.
    case refused(FailInfo?, text: String?)
}

extension RequestComposer {
    /// A GetCert or GetCRL, in a transaction of its own.
    package func query(_ query: Query, transaction: TransactionID, signer: MessageSigner) throws -> PKIMessage {
        let data = query.identifier.withUnsafeBytes { Secret(copying: $0) }
        return try message(query.messageType, transaction: transaction, data: data, signer: signer)
    }
}

extension SCEPExchange {
    /// Asks about a certificate, signed with one that the CA has issued, or any that it takes. Its key is RSA: the answer is
    /// encrypted to it, and no challenge goes with a query that could stand in for one (RFC 8894 §3.1).
    ///
    /// - Throws: `SCEPFault` with `.unsupportedRecipientKey`, `ExchangeFailure`, `CryptographyFault`.
    package func ask(
        _ query: Query, of authority: Authority, signer: MessageSigner, now: Date
    ) async throws -> (QueryVerdict, [Weakness]) {
        guard signer.certificate.publicKey.receives else {
            throw SCEPFault(
                .unsupportedRecipientKey, attempted: "ask about a certificate",
                expected: "a signer with an RSA key, to encrypt the answer to", got: "\(signer.certificate.publicKey)")
        }
        let message = try RequestComposer(cryptography: cryptography, authority: authority, policy: policy).query(
            query, transaction: TransactionID(random: try cryptography.randomBytes(16)), signer: signer)
        let response = try await reply(to: message, authority)
        let verification = ReplyVerification(
            cryptography: cryptography, authority: authority, policy: policy, now: now)
        return try untrusted(response, now) { try verification.verify(response.body, query, message, signer) }
    }
}

extension ReplyVerification {
    /// The same checks as of any reply, up to what the envelope holds; then that it is what was asked for.
    func verify(
        _ body: [UInt8], _ query: Query, _ message: PKIMessage, _ signer: MessageSigner
    ) throws -> (QueryVerdict, [Weakness]) {
        let (reply, status) = try authenticated(body, message)
        var weaknesses = weaknesses(of: reply)
        guard status == .success else {
            // No query waits for a person; one that does brings nothing.
            return (.refused(reply.failInfo.map(FailInfo.init), text: reply.failInfoText), weaknesses)
        }
        let (plain, cipher) = try open(reply.content, for: signer)
        if !ContentCipher.strong.contains(cipher) { weaknesses.append(.cipher(cipher)) }
        switch query {
        case .certificate(let issuer, let serial):
            return (.certificate(try certificate(in: plain, issuer, serial)), weaknesses)
        case .revocationList(let issuer, _): return (.revocationList(try list(in: plain, issuer)), weaknesses)
        }
    }

    private func certificate(in plain: [UInt8], _ issuer: DistinguishedName, _ serial: [UInt8]) throws -> Certificate {
        let certificates = try contents(plain).certificates.map { try Certificate(der: $0) }
        let found = certificates.first { one in
            one.serialNumber == serial && one.issuer.matches(issuer)
                && authority.issuers.contains { cryptography.isSignature(of: one, madeBy: $0) }
        }
        guard let found else { throw notWhatWasAsked("the certificate that was asked for, issued by the pinned CA") }
        return found
    }

    private func list(in plain: [UInt8], _ issuer: DistinguishedName) throws -> [UInt8] {
        let lists = try contents(plain).revocationLists
        let issuers = authority.issuers.filter { $0.subject.matches(issuer) }
        let found = lists.first { list in
            (try? RevocationList(der: list))?.issuer.matches(issuer) == true
                && issuers.contains { cryptography.isSignature(ofRevocationList: list, madeBy: $0) }
        }
        guard let list = found else { throw notWhatWasAsked("a revocation list that '\(issuer)' signed") }
        return list
    }

    private func contents(_ plain: [UInt8]) throws -> CMSBundleContents {
        do {
            return try CMSBundleContents.admit(plain)
        } catch {
            throw SCEPFault(.undecipherable, attempted: "read what the reply's envelope holds", cause: error)
        }
    }

    private func notWhatWasAsked(_ expected: String) -> SCEPFault {
        SCEPFault(.keyMismatch, attempted: "find it in the reply", expected: expected, got: "others, or nothing")
    }
}
