package import Secrets

/// The HTTP proxy that all exchanges of a transport go through: https in a tunnel, so that TLS, and the certificates that
/// are shown, are the server's.
package struct HTTPProxy: Sendable {
    /// `http://HOST:PORT`
    let url: String
    /// `Proxy-Authorization: Basic …` with its NUL (RFC 7617 §2). Made here, since whether libcurl takes names and
    /// passwords as they are, or decodes what looks percent-encoded in them, is another thing in each of its versions.
    let authorization: Secret?

    package init(url: String, login: Login? = nil) {
        self.url = url
        authorization = login.map { Self.basic($0) }
    }

    private static func basic(_ login: Login) -> Secret {
        let prefix = Array("Proxy-Authorization: Basic ".utf8)
        let plain = login.user.count + 1 + login.password.count
        return unsafe Secret(capacity: prefix.count + (plain + 2) / 3 * 4 + 1) { line in
            unsafe line.copyBytes(from: prefix)
            var count = prefix.count
            var (bits, held) = (UInt32(0), 0)
            func put(_ byte: UInt8) {
                (bits, held) = (bits << 8 | UInt32(byte), held + 8)
                while held >= 6 {
                    held -= 6
                    unsafe line[count] = digit(bits >> UInt32(held))
                    count += 1
                }
            }
            unsafe login.user.withBytes { unsafe $0.forEach(put) }
            put(UInt8(ascii: ":"))
            unsafe login.password.withBytes { unsafe $0.forEach(put) }
            if held > 0 { put(0) }
            // What was put in for want of a third byte is no digit but padding.
            let digits = (plain * 8 + 5) / 6
            for index in digits..<(plain + 2) / 3 * 4 { unsafe line[prefix.count + index] = UInt8(ascii: "=") }
            return line.count
        }
    }

    /// The digit of the lowest six bits (RFC 4648 §4).
    private static func digit(_ bits: UInt32) -> UInt8 {
        let value = UInt8(bits & 0x3F)
        return switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
