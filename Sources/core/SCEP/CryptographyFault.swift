package import Faults

/// What a cryptographic operation fails with.
package typealias CryptographyFault = Fault<CryptographyFaultCode>

/// Why a cryptographic operation failed.
package enum CryptographyFaultCode: String, FaultCode {
    /// Bytes that are not the structure they should be.
    case malformed
    /// A key that cannot be read, or is of a kind that the operation does not take.
    case unusableKey = "unusable-key"
    /// The signature does not verify with the signer's key.
    case signatureInvalid = "signature-invalid"
    /// None of the allowed signers is named by the message.
    case signerUnknown = "signer-unknown"
    /// The envelope names another recipient.
    case notForUs = "not-for-us"
    /// The envelope could not be opened.
    case decryptionFailed = "decryption-failed"
    /// The cipher or digest is not allowed, or the library has it not.
    case algorithmRefused = "algorithm-refused"
    /// No path to an allowed anchor.
    case noPath = "no-path"
    /// A path exists, but a certificate on it is out of its validity.
    case pathExpired = "path-expired"
    /// The library failed in a way that says nothing about the input.
    case libraryFailure = "library-failure"
}
