import Faults

extension InstallationFaultCode {
    /// What an admin does about it, as a sentence.
    package var remedy: String {
        switch self {
        case .unknownProfile: "Put the profile into /etc/signet/profiles.d, or withdraw what was published for it."
        case .configurationRefused:
            "Correct root's files: owned by root, writable by nobody else, valid ('signetctl config check')."
        case .malformedRequest: "Update signetd and signet-installd together; they speak another version, or worse."
        case .keyMismatch: "Enroll the profile anew: 'signetctl enroll'. If it repeats, look who runs as user signet."
        case .untrustedPath:
            "Compare scep.ca-fingerprint with the CA's certificates; name issuing CAs below the pinned one in install.chain."
        case .unfitCertificate:
            "Compare the CA's certificate template with the profile: subject, client authentication."
        case .olderThanPublished: "Nothing, if a newer certificate is in use; else remove the published folder."
        case .stillConfigured: "Remove the profile's file from /etc/signet/profiles.d first."
        case .writeFailed: "See the reason: free space, or let the service write to /etc/ssl/signet; it is tried again."
        case .trustStoreFailed: "Run 'update-ca-certificates' by hand and correct what it says; it is tried again."
        case .readBackDiffers: "Look who else writes to the published files; publish again."
        case .unreachable: "Start signet-installd.socket ('systemctl status signet-installd.socket')."
        }
    }
}

extension InstallationFault {
    /// What goes back to the caller and into the log: what failed and what to do.
    package var text: String { "\(description). \(code.remedy)" }
}
