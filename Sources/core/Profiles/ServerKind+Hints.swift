/// What products mean by answers that mean little elsewhere, in words that name their own settings.
extension ServerKind {
    /// An answer that brought no certificate.
    package enum Answer: Sendable, Equatable {
        case status(Int)
        /// An HTTP status to what is asked before anything is requested: capabilities and CA certificates.
        case discovery(Int)
        /// The name of a failInfo (RFC 8894 §3.2.1.4), and whether the request carried a challenge.
        case failInfo(String, challengeSent: Bool)
    }

    /// The product that a server's URL gives away, where the profile does not say.
    package init(servedAt url: String) {
        let path = url.lowercased()
        self =
            if path.contains("/certsrv/mscep") { .ndes } else if path.contains("/ejbca/") { .ejbca } else { .auto }
    }

    /// nil where the answer means no more than it says.
    package func hint(for answer: Answer) -> String? {
        switch (self, answer) {
        case (.ndes, .failInfo("badMessageCheck", true)), (.ndes, .failInfo("badRequest", true)):
            "NDES answers so to a challenge that is wrong, was used, or is older than an hour, and where its RA certificates "
                + "were renewed; its event log has event 29 for the challenge"
        case (.ndes, .failInfo("badMessageCheck", false)), (.ndes, .failInfo("badRequest", false)):
            "NDES answers so to a renewal whose old certificate does not lead to its CA or fit the template, whose subject is "
                + "another, or which lacks the SID that KB5014754 asks for; renewal-request = \"challenge\" enrolls anew instead"
        case (.ndes, .status(403)), (.ndes, .status(404)):
            "let IIS on the NDES server take long URLs and POST without chunks (request filtering)"
        case (.ejbca, .status(400)), (.ejbca, .status(401)), (.ejbca, .status(403)),
            (.ejbca, .failInfo("badRequest", _)):
            "EJBCA answers so where it knows no end entity with this CN, where its password is another, and where it was used: "
                + "set its status to New"
        case (.ejbca, .discovery(404)):
            "EJBCA answers so where it does not know which CA is meant: set scep.ca-identifier to the CA's name, or "
                + "scep.defaultca in EJBCA"
        case (.stepCA, .status(500)), (.micromdm, .status(500)):
            "it answers so to a wrong challenge, too, and to CertPoll"
        case (.dogtag, .failInfo("badAlg", _)):
            "allow AES in Dogtag's ca.scep.allowedEncryptionAlgorithms and SHA-256 in ca.scep.allowedHashAlgorithms"
        case (.dogtag, .status(500)), (.dogtag, .status(501)):
            "give the machine an entry with its address and challenge in Dogtag's flatfile.txt, and allow AES in its "
                + "ca.scep.allowedEncryptionAlgorithms (or set legacy-request = true, but not where its key is in an HSM: many "
                + "cannot unwrap 3DES)"
        case (.dogtag, .discovery(500...503)): "set ca.scep.enable=true in Dogtag's CS.cfg"
        case (.xipki, .failInfo("badRequest", true)):
            "XiPKI wants a challenge of the form user:password, and a CN in the subject"
        case (.xipki, .failInfo("badTime", _)): "XiPKI bounds the clocks' difference by its maxSigningTimeBias"
        case (.cisco, .failInfo("badAlg", _)): "old IOS knows no AES: set legacy-request = true"
        case (_, .failInfo("badAlg", _)):
            "a server that has neither AES nor SHA-256 needs legacy-request = true; it lists what it has in GetCACaps"
        case (_, .status(401)), (_, .status(403)), (_, .status(500)):
            "many servers answer so to a request that they do not take, such as one with a wrong challenge; their log says why"
        default: nil
        }
    }
}
