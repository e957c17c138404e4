import Faults
import X509

/// Content types (RFC 5652 §14 and the RFCs named there).
enum CMSContentType {
    static let data = ObjectIdentifier.cmsData
    static let signedData = ObjectIdentifier.cmsSignedData
    static let envelopedData = ObjectIdentifier.cmsEnvelopedData
    static let encryptedData = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 6)
    static let authenticatedEnvelopedData = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 16, 1, 23)
}

/// What every structure that a server sends passes first: size, and one ContentInfo with nothing after it.
struct CMSContentInfo {
    /// What is being attempted, as faults name it.
    let attempted: String
    let type: ObjectIdentifier
    /// Over the content, inside its explicit tag.
    private(set) var content: DERCursor

    /// Most bytes of any structure.
    static let limit = 1 << 20

    /// Reads the ContentInfo (RFC 5652 §3) and lends its parts to `body`, whose `X509Fault`s become `.malformed`.
    static func admit<Result>(
        _ bytes: [UInt8], reading subject: StaticString, _ body: (inout CMSContentInfo) throws -> Result
    ) throws(CMSFault) -> Result {
        let attempted = "admit \(subject)"
        try refuseText(bytes, attempted)
        guard bytes.count <= limit else {
            throw CMSFault(.tooLarge, attempted: attempted, expected: "at most \(limit) bytes", got: "\(bytes.count)")
        }
        do {
            var outer = try DERCursor(bytes, reading: subject, rules: .ber, limits: DERLimits(bytes: limit))
            var inner = try outer.inside(try outer.next(.sequence))
            try outer.finish()
            let type = try inner.readObjectIdentifier()
            let content = try inner.inside(try inner.next(.context(0)))
            try inner.finish()
            var info = CMSContentInfo(attempted: attempted, type: type, content: content)
            let result = try body(&info)
            try info.content.finish()
            return result
        } catch let fault as CMSFault {
            throw fault
        } catch {
            throw CMSFault(.malformed, attempted: attempted, expected: "BER as SCEP uses it", cause: error)
        }
    }

    /// Reads the one SEQUENCE that the content is.
    mutating func readStructure() throws -> DERCursor { try content.inside(try content.next(.sequence)) }

    func fault(_ code: CMSFaultCode, expected: String? = nil, got: String? = nil) -> CMSFault {
        CMSFault(code, attempted: attempted, expected: expected, got: got)
    }

    /// Names what servers and proxies send in place of binary: pages, PEM, base64.
    static func refuseText(_ bytes: [UInt8], _ attempted: String) throws(CMSFault) {
        guard bytes.first != DERTag.sequence.rawValue else { return }
        throw CMSFault(textCode(bytes), attempted: attempted, expected: "binary DER, which starts with a SEQUENCE")
    }

    private static func textCode(_ bytes: [UInt8]) -> CMSFaultCode {
        let start = bytes.drop { $0 <= 0x20 }.prefix(64)
        if start.isEmpty { return .empty }
        if start.first == UInt8(ascii: "<") || start.starts(with: [0xEF, 0xBB, 0xBF, UInt8(ascii: "<")]) {
            return .html
        }
        if start.starts(with: Array("-----BEGIN ".utf8)) { return .pem }
        return start.starts(with: Array("MI".utf8)) && start.allSatisfy(isBase64) ? .base64 : .malformed
    }

    /// The same in words, for people who look for who sent it.
    static func textKind(_ bytes: [UInt8], type: String) -> String {
        switch textCode(bytes) {
        case .empty: "nothing"
        case .pem: "PEM: what stands between, or the server, rewrites its answers"
        case .base64: "base64: what stands between, or the server, rewrites its answers"
        default: "\(type): a proxy or captive portal may stand between"
        }
    }

    private static func isBase64(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), 0x0A, 0x0D:
            true
        default: false
        }
    }
}
