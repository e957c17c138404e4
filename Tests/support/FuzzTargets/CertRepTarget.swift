import Faults
import SCEP
import TestPKI
import X509

/// Which layer of a reply the bytes are. Whatever lies around them is made as a server makes it, so that they get past
/// the signature.
enum ReplyLayer: UInt8, CaseIterable {
    /// The reply as it comes over the wire.
    case reply
    /// What the envelope holds: the certificates.
    case certificates
    /// What is signed: the envelope.
    case envelope
    /// The signed attributes, one after another.
    case attributes
}

enum CertRepTarget {
    private static let made = Result { try ReplyForge(try ReplyScene.shared.get()) }

    static func run(_ bytes: [UInt8]) throws -> Bool {
        guard let first = bytes.first, let layer = ReplyLayer(rawValue: first & 3) else { return false }
        let forge = try made.get()
        let part = Array(bytes.dropFirst())
        let body =
            switch layer {
            case .reply: part
            case .certificates: try forge.message(try forge.envelope(part), attributes: forge.success)
            case .envelope: try forge.message(part, attributes: forge.success)
            case .attributes:
                try forge.message(
                    try forge.envelope(try TestMessage.degenerate([forge.scene.issued])), attributes: part)
            }
        return try judge(body, forge.scene)
    }

    /// Whoever chose the bytes has no key of the CA's: whatever they are, no other certificate than the one that it
    /// issued comes out, and none but its own above that.
    private static func judge(_ body: [UInt8], _ scene: ReplyScene) throws -> Bool {
        do {
            let (verdict, weaknesses) = try scene.verify(body)
            for weakness in weaknesses { try holdPrintable("\(weakness)") }
            switch verdict {
            case .issued(let issued):
                try hold(issued.leaf == scene.issued, "another certificate was accepted: \(issued.leaf.subject)")
                try hold(issued.chain == [scene.issuing.certificate], "another chain was accepted")
                // Nobody trusts the root for having come along; it is the CA's key all the same.
                let key = issued.root?.publicKeyInfo
                try hold(key == scene.root.certificate.publicKeyInfo, "another root was accepted")
            case .refused(_, let text):
                try holdPrintable(text ?? "")
                try hold(text?.unicodeScalars.count ?? 0 <= 200, "the server's words are too many")
            case .pending: break
            }
            return true
        } catch let fault as SCEPFault {
            try holdPrintable("\(fault)")
            return false
        }
    }

    static func examples() throws -> [(name: String, bytes: [UInt8])] {
        let forge = try made.get()
        let scene = forge.scene
        let bundle = try TestMessage.degenerate([scene.issued, scene.issuing.certificate])
        let recipient = scene.signer.certificate
        let envelope = TestEnvelope(bundle, for: recipient)
        var examples: [(name: String, layer: ReplyLayer, bytes: [UInt8])] = [
            ("certificates", .certificates, bundle),
            ("certificates-all", .certificates, try TestMessage.degenerate(scene.authority.offered + [scene.issued])),
            ("envelope", .envelope, try envelope.encoded()),
            ("envelope-streamed", .envelope, try envelope.with { $0.isStreamed = true }.encoded()),
            ("envelope-oaep", .envelope, try envelope.with { $0.oaepDigest = "SHA256" }.encoded()),
            ("envelope-3des", .envelope, try envelope.with { $0.cipher = "DES-EDE3-CBC" }.encoded()),
            ("attributes", .attributes, forge.success),
        ]
        for reply in RecordedReply.allCases {
            examples.append(("reply-\(reply.rawValue)", .reply, try reply.encoded(scene)))
        }
        return examples.map { ($0.name, [$0.layer.rawValue] + $0.bytes) }
    }
}
