extension Quirk {
    /// Whether no certificate can be had from the server as it is.
    package var isFatal: Bool { [.unusableAuthority, .replyRefused, .messageRefused].contains(self) }

    /// What it means, a sentence without its period.
    package var meaning: String { text.meaning }
    /// What to do about it, in the imperative.
    package var remedy: String { text.remedy }

    private var text: (meaning: String, remedy: String) {
        switch self {
        case .plainHTTP:
            (
                "http says nothing about who answered", "compare the fingerprints with what the PKI's owner says"
            )
        case .noCapabilities:
            (
                "GetCACaps brings no list: requests go by GET, in AES-128 and SHA-256",
                "ask the PKI's owner whether GetCACaps works (NDES before 2008 R2 needs KB2483564); for a server that has only 3DES "
                    + "and SHA-1 set legacy-request = true"
            )
        case .noPost:
            (
                "it lists no POST: requests go by GET, in URLs of about 3,500 characters",
                "see that no proxy and no limit of the server cuts such URLs"
            )
        case .postRefused:
            (
                "it lists POST and does not take it: each request goes once more by GET",
                "let the server, or what stands in front of it, take POST"
            )
        case .getRefused:
            (
                "it lists no POST and takes nothing else: each request is refused by GET first",
                "let it list POSTPKIOperation in GetCACaps"
            )
        case .algorithmsRefused:
            (
                "it refuses requests in AES-128 and SHA-256 (badAlg)",
                "ask the PKI's owner to allow both, or keep the line legacy-request, which has requests use 3DES or SHA-1"
            )
        case .oldAlgorithms:
            (
                "it does not list both AES and SHA-256; requests use them all the same, which most such servers take",
                "for one that refuses them with badAlg set legacy-request = true"
            )
        case .noRenewal:
            (
                "it lists no RenewalReq: a renewal begins with PKCSReq signed with the old certificate",
                "nothing; set renewal-request to begin otherwise"
            )
        case .messageRefused:
            (
                "PKIOperation does not get through",
                "let what stands in front of the server, and its request filtering, take POST of application/x-pki-message"
            )
        case .noCertPoll:
            (
                "it does not answer CertPoll: whether a request whose reply was lost has been issued cannot be asked",
                "do not give machines a challenge that works only once, or be ready to give another"
            )
        case .weakReply:
            (
                "its replies use outdated cryptography",
                "ask the PKI's owner for AES and SHA-256 (of step-ca: encryptionAlgorithmIdentifier 1 or 2); security = "
                    + "\"rfc8894\" refuses such replies"
            )
        case .replyRefused:
            ("its reply failed a check", "show this to the PKI's owner; as it is no certificate would be taken")
        case .raNotAuthorised:
            (
                "nothing authorises its RA certificate: any enrolled device could offer its own in its place",
                "after comparing its fingerprint with the PKI's owner keep the line ra-fingerprint"
            )
        case .unusableAuthority:
            ("its certificates cannot be used", "show this to the PKI's owner")
        case .clockDiffers:
            ("its clock and this machine's differ", "set the one that is wrong")
        case .nextCA:
            ("it announces its next CA certificate", "ask the PKI's owner for its fingerprint, and pin both")
        }
    }
}
