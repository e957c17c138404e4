import Faults
package import FoundationEssentials
package import Secrets
package import X509

/// A message ready to be sent: complete, signed, its secret inside an envelope. It may lie on disk.
package struct PKIMessage: Sendable, Equatable {
    /// DER of the pkiMessage.
    package let der: [UInt8]
    package let type: MessageType
    package let transaction: TransactionID
    /// 16 bytes that the reply must carry back (RFC 8894 §3.2.1.5).
    package let senderNonce: [UInt8]

    package init(der: [UInt8], type: MessageType, transaction: TransactionID, senderNonce: [UInt8]) {
        self.der = der
        self.type = type
        self.transaction = transaction
        self.senderNonce = senderNonce
    }
}

/// Who signs a transaction's messages and opens its replies: a self-signed certificate for the requested key, or
/// the current identity (RFC 8894 §2.3).
package struct MessageSigner: Sendable {
    package let certificate: Certificate
    /// PKCS#8 PEM of the certificate's key.
    package let key: Secret

    package init(certificate: Certificate, key: Secret) {
        self.certificate = certificate
        self.key = key
    }
}

/// Composes requests. They are AES-128 and SHA-256 whatever the server says, since GetCACaps is unauthenticated
/// (RFC 8894 §7.5), unless root set `legacy-request` and the server offers no better.
package struct RequestComposer: Sendable {
    private let cryptography: any Cryptography
    private let authority: Authority
    private let cipher: ContentCipher
    /// What messages are signed with; and for RSA keys whatever is signed inside them, since one server reads both.
    package let digest: DigestAlgorithm

    package init(cryptography: any Cryptography, authority: Authority, policy: ServerPolicy) {
        self.cryptography = cryptography
        self.authority = authority
        let offered = authority.capabilities.union(policy.knownCapabilities)
        cipher = policy.legacyRequest && !offered.offersAES ? .tripleDESCBC : .aes128CBC
        digest = policy.legacyRequest && !offered.offersSHA256 ? .sha1 : .sha256
    }

    /// A self-signed certificate for the length of a transaction (RFC 8894 §2.3). Its subject is the requested one, which
    /// anybody on the way can read (§7.7): servers compare the two. It begins a day early for servers whose clock is
    /// behind, and outlives the longest wait for approval.
    package static func transactionSigner(
        subject: DistinguishedName, key: Secret, now: Date, cryptography: any Cryptography,
        digest: DigestAlgorithm = .sha256
    ) throws -> MessageSigner {
        let der = try cryptography.selfSignedCertificate(
            subject: subject.der, key: key, notBefore: now.addingTimeInterval(-86_400),
            notAfter: now.addingTimeInterval(30 * 86_400), digest: digest)
        return MessageSigner(certificate: try Certificate(der: der), key: key)
    }

    /// A PKCSReq or RenewalReq for `key` (RFC 8894 §3.3.1).
    ///
    /// - Parameter password: what the authority's recipient opens it with, where that has no key to encrypt to.
    package func enrollment(
        _ type: MessageType, transaction: TransactionID, content: RequestContent, key: Secret, challenge: Secret?,
        signer: MessageSigner, password: Secret? = nil
    ) throws -> PKIMessage {
        var content = content
        content.digest = digest
        let request = try cryptography.certificationRequest(content, key: key, challenge: challenge)
        return try message(type, transaction: transaction, data: request, signer: signer, password)
    }

    /// A CertPoll: issuer and subject of the awaited certificate, under the request's transaction id (RFC 8894
    /// §3.3.3, §4.4).
    package func poll(
        transaction: TransactionID, subject: DistinguishedName, signer: MessageSigner, password: Secret? = nil
    ) throws -> PKIMessage {
        let names = DERWriter.sequence(authority.issuer.subject.der, subject.der)
        let data = names.withUnsafeBytes { Secret(copying: $0) }
        return try message(.certPoll, transaction: transaction, data: data, signer: signer, password)
    }

    func message(
        _ type: MessageType, transaction: TransactionID, data: Secret, signer: MessageSigner,
        _ password: Secret? = nil
    ) throws -> PKIMessage {
        let nonce = try cryptography.randomBytes(16)
        let envelope =
            try authority.needsPassword
            ? cryptography.envelop(data, password: password.mustBeStrong("encrypt the request"), cipher: cipher)
            : cryptography.envelop(data, to: authority.recipient, cipher: cipher)
        let der = try cryptography.sign(
            envelope,
            attributes: [
                SignedAttribute(type: AttributeType.messageType, value: .printableString(type.rawValue)),
                SignedAttribute(type: AttributeType.transactionID, value: .printableString(transaction.description)),
                SignedAttribute(type: AttributeType.senderNonce, value: .octetString(nonce)),
            ], signer: signer.certificate, key: signer.key, digest: digest)
        return PKIMessage(der: der, type: type, transaction: transaction, senderNonce: nonce)
    }
}

extension Secret? {
    /// A challenge that stands for a key: whoever overhears the message can try passwords on it for years (RFC 8894 §7.3).
    ///
    /// - Throws: `SCEPFault` with `.unsupportedRecipientKey` where there is none, or it has fewer than 16 characters.
    package func mustBeStrong(_ attempted: String) throws -> Secret {
        // Of UTF-8, the octets that begin a character.
        let count = self?.withBytes { $0.count { $0 & 0xC0 != 0x80 } } ?? 0
        guard let self, count >= ExchangeLimits.shortestPassword else {
            throw SCEPFault(
                .unsupportedRecipientKey, attempted: "\(attempted) under the challenge, for want of an RSA key",
                expected: "a challenge of \(ExchangeLimits.shortestPassword) characters or more",
                got: self == nil ? "none" : "one of \(count)")
        }
        return self
    }
}
