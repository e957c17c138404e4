package import Faults

/// What reading a structure fails with. `got` names the byte offset where it is known.
package typealias X509Fault = Fault<X509FaultCode>

/// Why bytes are not the structure that was expected.
package enum X509FaultCode: String, FaultCode {
    /// The bytes end before the structure does.
    case truncated
    /// Bytes follow the structure.
    case trailingBytes = "trailing-bytes"
    /// Another tag stands where one was expected.
    case unexpectedTag = "unexpected-tag"
    /// A length, integer, time or string that its encoding rules forbid.
    case invalidEncoding = "invalid-encoding"
    /// Nested deeper, or longer, or more elements than the limit.
    case limitExceeded = "limit-exceeded"
    /// Well-formed, but not what it should be: a version, an algorithm, a repeated element.
    case unexpectedValue = "unexpected-value"
    /// Text that is not PEM, or PEM with another label.
    case notPEM = "not-pem"
    /// A distinguished name that RFC 4514 does not allow.
    case invalidName = "invalid-name"
}
