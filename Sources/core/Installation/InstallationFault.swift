package import Faults

/// Why the installer did not do what it was asked.
package typealias InstallationFault = Fault<InstallationFaultCode>

/// The reasons; raw values travel over the socket.
package enum InstallationFaultCode: String, FaultCode {
    /// No such profile in root's files.
    case unknownProfile = "unknown-profile"
    /// Root's own files do not count: not root's, writable by others, unreadable, or invalid.
    case configurationRefused = "configuration-refused"
    /// The request is malformed or beyond a limit.
    case malformedRequest = "malformed-request"
    /// The key does not belong to the certificate.
    case keyMismatch = "key-mismatch"
    /// The certificate's path does not end at this profile's pinned CA, or holds a certificate too many.
    case untrustedPath = "untrusted-path"
    /// A CA, no client certificate, or another subject than root's profile renders.
    case unfitCertificate = "unfit-certificate"
    /// Older than what is published.
    case olderThanPublished = "older-than-published"
    /// Root's files still name the profile.
    case stillConfigured = "still-configured"
    /// A file could not be written; nothing was switched.
    case writeFailed = "write-failed"
    /// The system's trust store could not be brought to what root's files name.
    case trustStoreFailed = "trust-store-failed"
    /// What was read back is not what was written.
    case readBackDiffers = "read-back-differs"
    /// The installer cannot be reached.
    case unreachable
}
