/// The text of a private key, looked at where it lies: nothing of it is copied.
enum PrivateKeyText {
    private static let begin = Array("-----BEGIN PRIVATE KEY-----\n".utf8)
    private static let end = Array("-----END PRIVATE KEY-----\n".utf8)

    /// Whether the bytes are exactly one unencrypted PKCS#8 PEM block (RFC 7468 §10). Anything before, between or
    /// after would be published with it: a second certificate in front of ours, say.
    static func isOneBlock(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > begin.count + end.count, bytes.starts(with: begin),
            bytes.suffix(end.count).elementsEqual(end)
        else { return false }
        let body = bytes.dropFirst(begin.count).dropLast(end.count)
        return body.last == 0x0A && body.allSatisfy { isBase64($0) || $0 == 0x0A }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): true
        default: false
        }
    }
}
