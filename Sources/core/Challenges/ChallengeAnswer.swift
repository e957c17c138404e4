import Faults
package import Secrets

/// What a server answered that was asked for a challenge. Everything in it may be secret.
package struct ChallengeAnswer: Sendable {
    /// Bytes of an answer: NDES's page has some three thousand.
    package static let limit = 64 * 1024

    /// "fetch a challenge from 'https://…'", as faults begin.
    let attempted: String
    let status: Int
    /// Lower case, without parameters.
    let contentType: String?
    let body: Secret
    /// The credential that was shown.
    let credential: String?

    package init(from url: String, status: Int, contentType: String?, body: Secret, credential: String?) {
        attempted = "fetch a challenge from '\(url.prefix { $0 != "?" })'"
        self.status = status
        self.contentType = contentType
        self.body = body
        self.credential = credential
    }

    /// The challenge of an endpoint's answer: `text/plain`, one line, or `application/json`, an object whose member
    /// `challenge` is it. Throws `ChallengeFault`.
    package func endpointChallenge() throws(ChallengeFault) -> Secret {
        try requireSuccess()
        switch contentType {
        case "text/plain"?: return try accepted(body.trimmed())
        case "application/json"?:
            guard let challenge = body.withBytes({ FlatObject.string("challenge", in: $0) }) else {
                throw unexpected("a JSON object with the text 'challenge', and no lists or objects in it", "another")
            }
            return try accepted(challenge)
        default:
            throw unexpected("text/plain or application/json", contentType.map { "'\($0)'" } ?? "no media type")
        }
    }

    func requireSuccess() throws(ChallengeFault) {
        let shown = credential.map { "the credential '\($0)' that it takes" } ?? "a credential beside its URL"
        switch status {
        case 200: return
        case 401: throw fault(.notAuthorised, shown, "HTTP status 401")
        case 403: throw fault(.notPermitted, "an account that may have challenges", "HTTP status 403")
        default: throw fault(.status, "HTTP status 200, and no redirect", "\(status)")
        }
    }

    /// What a challengePassword can be (RFC 2985 §5.4.1): 1 to 255 bytes here, none of them a control character.
    private func accepted(_ challenge: Secret) throws(ChallengeFault) -> Secret {
        let isFit = challenge.withBytes { bytes in
            (1...255).contains(bytes.count) && !bytes.contains { $0 < 0x20 || $0 == 0x7F }
        }
        guard isFit else { throw unexpected("a challenge of 1 to 255 bytes in one line", "\(challenge.count) bytes") }
        return challenge
    }

    func unexpected(_ expected: String, _ got: String) -> ChallengeFault {
        fault(.unexpectedAnswer, expected, got)
    }

    func fault(_ code: ChallengeFaultCode, _ expected: String, _ got: String? = nil) -> ChallengeFault {
        ChallengeFault(code, attempted: attempted, expected: expected, got: got)
    }
}
