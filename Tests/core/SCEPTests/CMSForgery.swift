import Faults
import SCEP
import X509

/// SignedData written by hand: what no library would make. Its signature is none; admission comes before it matters.
struct CMSForgery {
    static let data = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 1)
    static let signedData = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 2)
    static let envelopedData = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 3)
    static let contentType = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 3)
    static let messageDigest = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 4)

    var contentInfoType = signedData
    var version: UInt32 = 1
    var eContentType = data
    /// Whole element inside the explicit tag; nil leaves eContent out.
    var eContent: [UInt8]? = DERWriter.octetString([1, 2, 3])
    /// Whole elements inside [0].
    var certificates: [[UInt8]] = []
    var signerVersion: UInt32 = 1
    var digest = DERWriter.algorithm(.sha256)
    var signature = DERWriter.algorithm(.rsaEncryption, parameters: [0x05, 0x00])
    /// nil leaves signedAttrs out.
    var attributes: [[UInt8]]? = CMSForgery.required
    var signerCount = 1

    static let required = [
        attribute(contentType, DERWriter.objectIdentifier(data)),
        attribute(messageDigest, DERWriter.octetString([UInt8](repeating: 9, count: 32))),
    ]

    static func attribute(_ type: ObjectIdentifier, _ values: [UInt8]...) -> [UInt8] {
        DERWriter.sequence(DERWriter.objectIdentifier(type), DERWriter.element(.set, values.flatMap { $0 }))
    }

    /// The required attributes and these.
    static func with(attributes: [UInt8]...) -> [UInt8] {
        var forgery = CMSForgery()
        forgery.attributes = required + attributes
        return forgery.encoded()
    }

    static func with(_ change: (inout CMSForgery) -> Void) -> [UInt8] {
        var forgery = CMSForgery()
        change(&forgery)
        return forgery.encoded()
    }

    /// A degenerate one (RFC 8894 §3.4) with whole elements as certificates, whatever they are.
    static func bundle(_ certificates: [[UInt8]]) -> [UInt8] {
        with {
            $0.certificates = certificates
            $0.eContent = nil
            $0.signerCount = 0
        }
    }

    func encoded() -> [UInt8] {
        let identifier = DERWriter.sequence([0x30, 0x00], DERWriter.integer(7))
        let signed = attributes.map { DERWriter.element(.context(0), $0.flatMap { $0 }) } ?? []
        let signer = DERWriter.sequence(
            DERWriter.integer(signerVersion), identifier, digest, signed, signature, DERWriter.octetString([1]))
        let content = eContent.map { DERWriter.element(.context(0), $0) } ?? []
        let body = DERWriter.sequence(
            DERWriter.integer(version), DERWriter.element(.set, digest),
            DERWriter.sequence(DERWriter.objectIdentifier(eContentType), content),
            certificates.isEmpty ? [] : DERWriter.element(.context(0), certificates.flatMap { $0 }),
            DERWriter.element(.set, [[UInt8]](repeating: signer, count: signerCount).flatMap { $0 }))
        return Self.contentInfo(contentInfoType, body)
    }

    static func contentInfo(_ type: ObjectIdentifier, _ body: [UInt8]) -> [UInt8] {
        DERWriter.sequence(DERWriter.objectIdentifier(type), DERWriter.element(.context(0), body))
    }
}

/// The code of the fault that `body` throws; nil where it throws none.
func refusal<Result>(_ body: @autoclosure () throws(CMSFault) -> Result) -> CMSFaultCode? {
    do throws(CMSFault) {
        _ = try body()
        return nil
    } catch {
        return error.code
    }
}
