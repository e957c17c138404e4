import SCEP
import Secrets
import X509

/// Builds DER that has a secret in it, in memory that is wiped. `DERWriter` builds the rest.
enum SecretDER {
    /// What an element is put together from.
    enum Part {
        case open([UInt8])
        case secret(Secret)

        var count: Int {
            switch self {
            case .open(let bytes): bytes.count
            case .secret(let secret): secret.count
            }
        }
    }

    static func element(_ tag: DERTag, _ parts: Part...) -> Secret {
        let count = parts.reduce(0) { $0 + $1.count }
        let header = DERWriter.header(tag, count: count)
        return unsafe Secret(capacity: header.count + count) { buffer in
            var position = 0
            func append(_ bytes: UnsafeRawBufferPointer) {
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[position...]).copyMemory(from: bytes)
                position += bytes.count
            }
            unsafe header.withUnsafeBytes { unsafe append($0) }
            for part in parts {
                switch part {
                case .open(let bytes): unsafe bytes.withUnsafeBytes { unsafe append($0) }
                case .secret(let secret): unsafe secret.withBytes { unsafe append($0) }
                }
            }
            return position
        }
    }

    /// The attributes of a request (RFC 2986 §4.1): the extensions that it asks for, and the challengePassword.
    ///
    /// - Parameters:
    ///   - extensions: a SEQUENCE of Extension.
    ///   - isUTF8: whether the challenge is a UTF8String, whatever its characters.
    /// - Throws: `.malformed` for a challenge that the attribute cannot carry.
    static func attributes(
        extensions: [UInt8], challenge: Secret?, isUTF8: Bool, _ attempt: borrowing Attempt
    ) throws -> Secret {
        let request = DERWriter.sequence(
            DERWriter.objectIdentifier(.extensionRequest), DERWriter.element(.set, extensions))
        guard let challenge else { return element(.context(0), .open(request)) }
        let string = element(try stringTag(ofChallenge: challenge, isUTF8: isUTF8, attempt), .secret(challenge))
        let password = element(
            .sequence, .open(DERWriter.objectIdentifier(.challengePassword)), .secret(element(.set, .secret(string))))
        // SET OF goes by the encodings (X.690 §11.6): by the length, and then by the identifier, of which
        // challengePassword's is the lower.
        let isRequestFirst = DERWriter.header(.sequence, count: request.count)
            .lexicographicallyPrecedes(DERWriter.header(.sequence, count: password.count))
        return isRequestFirst
            ? element(.context(0), .open(request), .secret(password))
            : element(.context(0), .secret(password), .open(request))
    }
}
