extension ProblemCode {
    package var severity: Severity { entry.0 }
    /// The journal's `MESSAGE_ID` of an entry that raises it: never changed, never used again.
    package var messageID: String { entry.messageID }
    /// What is wrong, as the beginning of a sentence.
    package var sentence: String { entry.sentence }
    /// What to do, as an order.
    package var remedy: String { entry.remedy }

    /// The one table of problems. systemd/signet.catalog explains each.
    private var entry: (Severity, messageID: String, sentence: String, remedy: String) {
        switch self {
        case .unreachable:
            (
                .error, "f7311bf9041a45b282d0eec8e8c54e41", "the SCEP server does not answer, or fails",
                "check scep.url, name resolution, proxy and firewall; it is tried again by itself"
            )
        case .proxyFailing:
            (
                .error, "ca13d83483154e009ab213622effb7db", "the HTTP proxy lets nothing through to the server",
                "correct proxy in [scep], or its credential, as the text says, or ask the proxy's owner; it is tried again by "
                    + "itself"
            )
        case .overloaded:
            (
                .warning, "017430fd92054ccba022d2d0795069fc", "the SCEP server asks to wait",
                "nothing: it is tried again when the server allows it"
            )
        case .refused:
            (
                .error, "388c4864e0314c2ebaa7b618f89adb7c", "the PKI refused the request",
                "ask the PKI's owner why; then change the profile, or run 'signetctl renew' to try at once"
            )
        case .challengeRefused:
            (
                .error, "04c628c028de4d8db5268f25925d0c3d",
                "the PKI refused the request, most likely for its challenge",
                "put a valid challenge in place and run 'signetctl enroll'; on NDES, get a fresh one"
            )
        case .clockRefused:
            (
                .error, "e2bd6096ba4a4d5bb628183ab4a39450", "the PKI found this machine's time wrong",
                "set the clock, for example with systemd-timesyncd, and run 'signetctl renew'"
            )
        case .clockWrong:
            (
                .error, "9d5c0f1e6b7a4c2f8e3d41a6b0c97f25", "this machine's clock is wrong, or the PKI's is",
                "check the clock with 'timedatectl' and set it, for example with systemd-timesyncd; it is tried again by itself"
            )
        case .untrustedReply:
            (
                .error, "3e91cb00373643e59978b65268044501", "the server's answer failed a check, and was not acted on",
                "compare scep.url with what the PKI's owner says; if it is right, show them this message"
            )
        case .unfitCertificate:
            (
                .error, "2d891e8343034289bbea964f657da7ee",
                "the PKI issued a certificate that cannot be this machine's identity",
                "show this message to the PKI's owner; once its template is right, run 'signetctl renew'"
            )
        case .wrongCA:
            (
                .error, "ae2b25d4bcdd4d43922bc61976266f84",
                "the server's CA is not the pinned one; nothing was sent to it",
                "check the fingerprint with the PKI's owner, then correct scep.ca-fingerprint"
            )
        case .raNotAuthorised:
            (
                .error, "590768b03c2f496ba48a7befdc72a21e",
                "nothing authorises the server's RA certificate; the challenge was not sent",
                "check its fingerprint with the PKI's owner, then add the line that the text names to [scep]"
            )
        case .raChanged:
            (
                .warning, "674ac33bdeae4dea966ab416a6593bcd", "the server's CA or RA certificates changed",
                "make sure that the PKI's owner renewed them; this clears with the next exchange"
            )
        case .capabilitiesLost:
            (
                .warning, "54a5270704dc4086a3733a286092fb71", "the server lists fewer capabilities than before",
                "ask the PKI's owner whether the server was changed, and then run 'signetctl enroll'; if not, somebody stands between"
            )
        case .nextCANotPinned:
            (
                .warning, "0103377033fe4eeabf7d829ceed34bec",
                "the CA comes to its end and names a successor that the profile does not",
                "compare its fingerprint with the PKI's owner, and add it to scep.ca-fingerprint beside the present one"
            )
        case .notSCEP:
            (
                .error, "de126fb77c294c2484d39384e6db3ab3", "what answers is no SCEP server",
                "check scep.url, and whether a proxy or a captive portal stands between"
            )
        case .recipientUnsupported:
            (
                .error, "5b7c2f0d9e8a4c61b3d7f24a8e105c96",
                "the messages of this exchange cannot be encrypted: a key in it signs only",
                "ask the PKI's owner for an RA with an RSA key, or for a challenge of 16 characters or more; then run 'signetctl enroll'"
            )
        case .weakServer:
            (
                .warning, "3b8165b3b377418b88353485b419f1d3", "the server uses outdated cryptography",
                "ask the PKI's owner for AES and SHA-256 (of step-ca: encryptionAlgorithmIdentifier 1 or 2); to refuse such "
                    + "replies set security = \"rfc8894\""
            )
        case .challengeSpent:
            (
                .error, "b1c96fd220af440b8392856bae487323",
                "the single-use challenge is used up, and a new one is needed",
                "put a new challenge in place and run 'signetctl enroll'"
            )
        case .challengeUnavailable:
            (
                .error, "7d78484ea2524ee9aecbdf6651984900", "there is no challenge to be had",
                "put in place what the text names; a credential is noticed by itself, anything else within the hour or at "
                    + "once by 'signetctl enroll'"
            )
        case .pendingTooLong:
            (
                .error, "88d6103ae2484ae2a1b2a82263e9e10e", "the request was not approved in time",
                "ask the PKI's owner to approve it, then run 'signetctl enroll'"
            )
        case .expiresSooner:
            (
                .warning, "b759de8b70dc405991206cccb5caf83c", "the new certificate ends before the one it replaces did",
                "ask the PKI's owner whether the validity was shortened on purpose"
            )
        case .expired:
            (
                .error, "63d2e74bb054400fb96fff69725aa571", "the certificate has expired",
                "see the other problems for why it was not renewed"
            )
        case .revoked:
            (
                .error, "a6991c50d9504c62aa8f62b3f40434f0", "the certificate is revoked",
                "ask the PKI's owner why; then run 'signetctl enroll' for a new one"
            )
        case .cloned:
            (
                .error, "68c5166bc60c443da886a958b0deee51",
                "this machine has a copy of another one's disk, and with it an identity that is not its own",
                "run 'signetctl enroll' for an identity of its own; with after-cloning = \"enroll\" in [scep] it gets one by itself"
            )
        case .storage:
            (
                .error, "1c81b835f055446bbd6b200767841580", "the agent cannot write its state, and waits",
                "free space or restore write access below /var/lib/signet; it is tried again by itself"
            )
        case .keyLost:
            (
                .error, "43312ac6ea454ba585a4ee20aaf4e178",
                "the agent's own copy of the identity, key or certificate, is lost",
                "restore /var/lib/signet from where it went, or run 'signetctl enroll' for a new identity"
            )
        case .profileInvalid:
            (
                .error, "44d9d16ee8664e879c12a508b00dbb62", "the profile has errors and is not used as it stands",
                "run 'signetctl config check' and correct them"
            )
        case .subjectUnavailable:
            (
                .error, "797db9655cd6433e9767fd7762b3c208", "the profile's subject cannot be made on this machine",
                "give the machine the value that is missing, or take the variable out of the profile"
            )
        case .installRefused:
            (
                .error, "470352cc90034d52b29bb7479a857e29", "signet-installd did not publish the certificate",
                "correct what the text names; it is tried again by itself"
            )
        case .installerUnreachable:
            (
                .error, "23ae3f3e134a4e53b50a1450ef674801",
                "signet-installd cannot be reached; the certificate is not published",
                "check 'systemctl status signet-installd.socket'; it is tried again by itself"
            )
        case .publicationAltered:
            (
                .warning, "393d5820668b4be58ad419df9acf5632", "somebody changed what was published",
                "look who writes below /etc/ssl/signet; it is published again by itself"
            )
        case .notWithdrawn:
            (
                .warning, "bf6bba7c0693447f9d1cf9f079f3233c",
                "what was published for a removed profile could not be taken back",
                "correct what the text names; it is tried again by itself"
            )
        case .cryptography:
            (
                .error, "0bdb80f7e7b440949762e54cddd485e6", "the cryptographic library failed",
                "check the OpenSSL installation and its policies; the text names the call"
            )
        case .stateUnreadable:
            (
                .error, "81d6af28485f4adab12f183301bf707b",
                "what the agent keeps on the disk cannot be read, and is left alone",
                "below /var/lib/signet, restore what the text names, or the right to read it; once removed it is made anew"
            )
        case .stateRebuilt:
            (
                .warning, "d0f7a3c9b5214c6f9a8e47b1560c2d3e",
                "what the agent remembered of the profile was damaged, and was made anew from what lies beside it",
                "look for a failing disk (journalctl -k); this message goes with the next certificate"
            )
        case .endpointUnreachable:
            (
                .warning, "b6e0b579140b4cadbecd32f52b7f04f4", "the management endpoint does not answer; reports wait",
                "check management.endpoint, management.ca, name resolution, proxy and firewall; they are sent by themselves"
            )
        case .endpointFailing:
            (
                .warning, "a816ebbce98b46a4a5dd1e7a73fe8dc8", "the management endpoint takes no reports now; they wait",
                "check management.endpoint; they are sent again by themselves, and if it stays so, tell the endpoint's owner"
            )
        case .endpointRefusesDevice:
            (
                .warning, "6f1d38ae2874457fa8ad6df19a7c601b",
                "the management endpoint does not accept this device; reports wait",
                "check management.token, and that the endpoint trusts the certificate; then run 'signetctl report'"
            )
        case .endpointCredential:
            (
                .warning, "808021941b86449480fd989b62e08022",
                "what the management endpoint asks of this device cannot be had; reports wait",
                "put in place what the text names, then run 'signetctl report'"
            )
        case .reportRefused:
            (
                .warning, "fde0e98193ca43b58543a157ecbc0f4f",
                "the management endpoint refused a report, which was dropped",
                "check management.endpoint, and show this message to the endpoint's owner; a heartbeat tells it what is so"
            )
        case .reportsNotKept:
            (
                .warning, "c8b0a047db314a83a81839553c2e8fa1",
                "reports cannot be kept on the disk, and changes are not reported",
                "free space or restore access below /var/lib/signet; what is so then is reported by itself"
            )
        }
    }
}
