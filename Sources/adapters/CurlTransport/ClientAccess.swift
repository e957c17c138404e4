package import Secrets

/// Who a client is to a server that asks: a certificate in the handshake, a bearer token in each request, a login.
///
/// Secrets go from here to libcurl's hands for the length of an exchange; what libcurl writes to its own buffers on the
/// way to the kernel it frees as it is.
package struct ClientAccess: Sendable {
    /// A certificate and its key.
    package struct Identity: Sendable {
        /// PEM, leaf first.
        let certificates: [UInt8]
        /// PEM.
        let key: Secret

        package init(certificates: [UInt8], key: Secret) {
            self.certificates = certificates
            self.key = key
        }
    }

    let identity: Identity?
    /// `Authorization: Bearer …` with its NUL (RFC 6750 §2.1).
    let authorization: Secret?
    let login: CurlLogin?

    /// - Parameter token: nil, too, for one that no header can carry: see `isToken`.
    package init(identity: Identity? = nil, token: Secret? = nil, login: Login? = nil) {
        self.identity = identity
        self.login = login.map { CurlLogin($0) }
        let prefix = Array("Authorization: Bearer ".utf8)
        authorization = token.flatMap { token in
            guard Self.isToken(token) else { return nil }
            return unsafe Secret(capacity: prefix.count + token.count + 1) { line in
                unsafe line.copyBytes(from: prefix)
                unsafe token.withBytes { bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: line[prefix.count...]).copyMemory(from: bytes)
                }
                return line.count
            }
        }
    }

    /// Whether these bytes are a bearer token: `b64token` of RFC 6750 §2.1, so that no line end smuggles a header.
    package static func isToken(_ secret: Secret) -> Bool {
        unsafe secret.withBytes { bytes in
            let body = unsafe bytes.prefix { $0 != UInt8(ascii: "=") }
            let isAllowed: (UInt8) -> Bool = { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-._~+/".utf8.contains(byte)
                }
            }
            guard unsafe !body.isEmpty, unsafe body.allSatisfy(isAllowed) else { return false }
            return unsafe bytes.dropFirst(body.count).allSatisfy { $0 == UInt8(ascii: "=") }
        }
    }
}
