import SCEP
import Secrets
import X509

/// How a challengePassword is to be encoded (RFC 2985 §5.4.1: PrintableString preferred, else UTF8String; a server may know
/// only the latter).
///
/// Nothing here copies the challenge.
///
/// - Returns: the tag of one of the two.
/// - Throws: `.malformed`.
func stringTag(ofChallenge challenge: Secret, isUTF8: Bool, _ attempt: borrowing Attempt) throws -> DERTag {
    let expected = "a challenge password of 1 to 255 characters in UTF-8"
    return unsafe try challenge.withBytes { bytes in
        guard let characters = unsafe unicodeScalarCount(bytes) else {
            throw attempt.fault(.malformed, expected: expected, got: "bytes that are not UTF-8")
        }
        // pkcs-9-ub-challengePassword (RFC 2985 appendix A).
        guard (1...255).contains(characters) else {
            throw attempt.fault(.malformed, expected: expected, got: "\(characters) characters")
        }
        return unsafe !isUTF8 && bytes.allSatisfy(isPrintableStringCharacter) ? .printableString : .utf8String
    }
}

/// The alphabet of PrintableString (X.680 §41.4).
func isPrintableStringCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: " '()+,-./:=?".utf8.contains(byte)
    }
}

/// nil where the bytes are not UTF-8.
private func unicodeScalarCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = unsafe bytes.makeIterator()
    var count = 0
    while true {
        switch unsafe parser.parseScalar(from: &iterator) {
        case .valid: count += 1
        case .emptyInput: return count
        case .error: return nil
        }
    }
}
