import Faults
package import FoundationEssentials
import X509

/// One server for one transaction: discovers it, carries messages to it, verifies what comes back.
///
/// It keeps no state of its own: what must survive lies with the caller. All methods throw `ExchangeFailure`, or
/// `CryptographyFault` where this machine's own library fails.
package struct SCEPExchange: Sendable {
    package let server: ServerURL
    private let transport: any Transport
    let cryptography: any Cryptography
    let policy: ServerPolicy

    package init(
        server: ServerURL, transport: any Transport, cryptography: any Cryptography, policy: ServerPolicy
    ) {
        self.server = server
        self.transport = transport
        self.cryptography = cryptography
        self.policy = policy
    }

    /// GetCACaps and GetCACert, and the authority that they authenticate. Nothing secret has been sent by then.
    package func discover(now: Date) async throws -> Authority {
        let capabilities = try await fetchCapabilities()
        let (bundle, response) = try await fetchCertificates()
        let selection = AuthoritySelection(
            policy: policy, cryptography: cryptography, now: now,
            fetchedOverAuthenticatedTLS: isAuthenticated(response), unread: bundle.unread)
        return try untrusted(response, now) {
            // A list that does not come is no list that is empty: a server that had one before goes on as it did.
            var authority = try selection.select(
                from: bundle.certificates,
                capabilities: capabilities.registered.isEmpty ? policy.knownCapabilities : capabilities)
            authority.listedCapabilities = capabilities
            authority.clockDifference = response.date.map { $0.timeIntervalSince(now) }
            return authority
        }
    }

    /// Sends a message and verifies the reply to it.
    package func submit(
        _ expected: Expectation, to authority: Authority, now: Date
    ) async throws -> (Verdict, [Weakness]) {
        let response = try await reply(to: expected.message, authority)
        let verification = ReplyVerification(
            cryptography: cryptography, authority: authority, policy: policy, now: now)
        return try untrusted(response, now) { try verification.verify(response.body, expected) }
    }

    // MARK: parts

    /// Sends a message; what comes back begins like one.
    func reply(to message: PKIMessage, _ authority: Authority) async throws -> HTTPResponse {
        let (response, _) = try await post(message, authority.capabilities)
        guard response.status == 200 else { throw failure(response, of: "PKIOperation") }
        // The media type decides nothing, since servers get it wrong; a page does not begin like a message.
        guard response.body.first == DERTag.sequence.rawValue else {
            throw ExchangeFailure.untrusted(
                SCEPFault(
                    .notSCEP, attempted: "read the reply of '\(server)'", expected: "a SCEP message in DER",
                    got: CMSContentInfo.textKind(response.body, type: response.contentType ?? "no media type")))
        }
        return response
    }

    /// A server that answers this with an error, with what is no list of keywords, or by closing the connection (old
    /// NDES) has no capabilities (RFC 8894 §3.5.1, §3.5.2). One that is not there, or asks to wait, is an error.
    func fetchCapabilities() async throws -> Capabilities {
        let response: HTTPResponse
        do {
            response = try await send(
                HTTPRequest(
                    method: .get, url: server.target("GetCACaps", identifier: policy.caIdentifier),
                    limit: ExchangeLimits.capabilitiesBytes, deadline: ExchangeLimits.deadline))
        } catch ExchangeFailure.noAnswer(let fault) where fault.code == .connectionLost {
            return .none
        }
        if response.status == 429 || response.retryAfter != nil { throw failure(response, of: "GetCACaps") }
        return response.status == 200 ? Capabilities(body: response.body) : .none
    }

    /// The certificates of the server's CAs and RAs (RFC 8894 §4.2), and the answer that they came in.
    func fetchCertificates() async throws -> (CMSCertificateBundle, HTTPResponse) {
        let response = try await send(
            HTTPRequest(
                method: .get, url: server.target("GetCACert", identifier: policy.caIdentifier),
                limit: ExchangeLimits.answerBytes, deadline: ExchangeLimits.deadline))
        guard response.status == 200 else { throw failure(response, of: "GetCACert") }
        do {
            return (try CMSCertificateBundle.ofGetCACert(response.body), response)
        } catch {
            throw ExchangeFailure.untrusted(
                SCEPFault(
                    .notSCEP, attempted: "read the CA certificates that '\(server)' sent",
                    expected: "a certificate or a PKCS #7 bundle",
                    got: "\(response.body.count) bytes of \(response.contentType ?? "no media type")", cause: error))
        }
    }

    /// By POST where the server offers it, else by GET (RFC 8894 §4.1, §4.3). A server that advertises POST and then answers it with
    /// nothing, or refuses the method, gets the same bytes by GET, once (NDES 2012); one that refuses GET, or such a long
    /// one, by POST, which it has to take whatever it lists (§2.9).
    ///
    /// - Returns: the answer, and by which method it came where that is the other one.
    func post(
        _ message: PKIMessage, _ capabilities: Capabilities
    ) async throws -> (response: HTTPResponse, instead: HTTPRequest.Method?) {
        func byGet(hasOwnConnection: Bool) -> HTTPRequest {
            HTTPRequest(
                method: .get, url: server.target("PKIOperation", message: message.der),
                limit: ExchangeLimits.answerBytes, deadline: ExchangeLimits.deadline, isRepeatable: false,
                hasOwnConnection: hasOwnConnection)
        }
        let byPost = HTTPRequest(
            method: .post, url: server.target("PKIOperation"), body: message.der,
            contentType: "application/x-pki-message", limit: ExchangeLimits.answerBytes,
            deadline: ExchangeLimits.deadline)
        guard capabilities.offersPost else {
            let response = try await send(byGet(hasOwnConnection: false))
            guard [405, 414, 501].contains(response.status) else { return (response, nil) }
            return (try await send(byPost), .post)
        }
        let response = try await send(byPost)
        let refusesPost = response.status == 405 || response.status == 501
        guard refusesPost || (response.status == 200 && response.body.isEmpty) else { return (response, nil) }
        // Who takes no POST may close the connection behind it, and this request is not sent twice.
        return (try await send(byGet(hasOwnConnection: true)), .get)
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        do {
            return try await transport.exchange(request)
        } catch let fault as TransportFault {
            throw ExchangeFailure.noAnswer(fault)
        }
    }

    private func failure(_ response: HTTPResponse, of operation: String) -> ExchangeFailure {
        let place = response.location.map { ", which leads to '\($0)'" } ?? ""
        return .status(
            response.status, retryAfter: response.retryAfter, operation: "\(operation) of '\(server)'\(place)")
    }

    /// What a check refused. Where it is time that did not fit and the server's clock says another, it is nobody's fault
    /// but the clock's.
    func untrusted<Result>(
        _ response: HTTPResponse, _ now: Date, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let fault as SCEPFault {
            guard fault.code == .authorityExpired || fault.code == .certificateNotCurrent, let date = response.date,
                abs(date.timeIntervalSince(now)) > ExchangeLimits.clockSkew
            else { throw ExchangeFailure.untrusted(fault) }
            throw ExchangeFailure.untrusted(
                SCEPFault(
                    .clockWrong, attempted: fault.attempted, expected: "the server's time, \(date)", got: "\(now)",
                    cause: fault))
        }
    }

    /// Whether TLS says who answered (V-06 c; RFC 8894 §7.10 asks for no TLS, and what it adds is this). An anchor that Signet itself installed proves nothing: the PKI that
    /// is being asked could have issued the server's certificate to any device. Any link to one counts, whatever
    /// else the chain leads to.
    func isAuthenticated(_ response: HTTPResponse) -> Bool {
        guard server.isHTTPS, !response.serverCertificates.isEmpty else { return false }
        if policy.namesTLSAuthority { return true }
        guard let anchors = policy.installedAnchors else { return false }
        let certificates = response.serverCertificates.compactMap { try? Certificate(der: $0) }
        guard certificates.count == response.serverCertificates.count else { return false }
        return !certificates.contains { one in
            anchors.contains { anchor in
                one == anchor
                    || (one.issuer.matches(anchor.subject) && cryptography.isSignature(of: one, madeBy: anchor))
            }
        }
    }
}
