import SCEP
import TestPKI
import X509

/// Makes replies out of parts that somebody else chose, signed by an RA whose word counts. What is at fault in them is
/// the parts alone.
struct ReplyForge {
    let scene: ReplyScene
    private let signer: LoadedKey
    private let contentKey = [UInt8](0..<16)
    private let vector = [UInt8](16..<32)
    /// The RecipientInfo for the device, which has the content key.
    private let recipient: [UInt8]

    init(_ scene: ReplyScene) throws {
        self.scene = scene
        signer = try LoadedKey(scene.quick.key)
        let certificate = scene.signer.certificate
        recipient = DERWriter.sequence(
            DERWriter.integer(0), Self.identifier(certificate),
            DERWriter.algorithm(.rsaEncryption, parameters: DERWriter.element(.null, [])),
            DERWriter.octetString(try LoadedKey(.device).wrap(contentKey)))
    }

    /// An EnvelopedData (RFC 5652 §6.1) for the device with any content.
    func envelope(_ content: [UInt8]) throws -> [UInt8] {
        let encrypted = try encryptAES128CBC(content, key: contentKey, vector: vector)
        return Self.contentInfo(
            ObjectIdentifier(1, 2, 840, 113549, 1, 7, 3),
            DERWriter.sequence(
                DERWriter.integer(0), DERWriter.element(.set, recipient),
                DERWriter.sequence(
                    DERWriter.objectIdentifier(.cmsData),
                    DERWriter.algorithm(
                        ContentCipher.aes128CBC.identifier, parameters: DERWriter.octetString(vector)),
                    DERWriter.element(.contextPrimitive(0), encrypted))))
    }

    /// The attributes of a SUCCESS, one after another.
    var success: [UInt8] {
        let texts = [
            (AttributeType.messageType, "3"), (AttributeType.pkiStatus, "0"),
            (AttributeType.transactionID, scene.transaction.description),
        ].map { Self.attribute($0, DERWriter.string(.printableString, $1)) }
        return texts.flatMap { $0 } + Self.attribute(AttributeType.recipientNonce, DERWriter.octetString(scene.nonce))
    }

    /// A SignedData (RFC 5652 §5.1) over any content with any attributes; those that CMS itself asks for are added.
    func message(_ content: [UInt8], attributes: [UInt8]) throws -> [UInt8] {
        let required =
            Self.attribute(.contentType, DERWriter.objectIdentifier(.cmsData))
            + Self.attribute(.messageDigest, DERWriter.octetString(signer.sha256(content)))
        let signed = DERWriter.element(.set, attributes + required)
        let digest = DERWriter.algorithm(DigestAlgorithm.sha256.identifier)
        let information = DERWriter.sequence(
            DERWriter.integer(1), Self.identifier(scene.quick.certificate), digest,
            [DERTag.context(0).rawValue] + signed.dropFirst(), DERWriter.algorithm(.ecdsaWithSHA256),
            DERWriter.octetString(try signer.signature(over: signed)))
        return Self.contentInfo(
            .cmsSignedData,
            DERWriter.sequence(
                DERWriter.integer(1), DERWriter.element(.set, digest),
                DERWriter.sequence(
                    DERWriter.objectIdentifier(.cmsData),
                    DERWriter.element(.context(0), DERWriter.octetString(content))),
                DERWriter.element(.set, information)))
    }

    private static func contentInfo(_ type: ObjectIdentifier, _ content: [UInt8]) -> [UInt8] {
        DERWriter.sequence(DERWriter.objectIdentifier(type), DERWriter.element(.context(0), content))
    }

    private static func identifier(_ certificate: Certificate) -> [UInt8] {
        DERWriter.sequence(certificate.issuer.der, DERWriter.integer(content: certificate.serialNumber))
    }

    private static func attribute(_ type: ObjectIdentifier, _ value: [UInt8]) -> [UInt8] {
        DERWriter.sequence(DERWriter.objectIdentifier(type), DERWriter.element(.set, value))
    }
}
