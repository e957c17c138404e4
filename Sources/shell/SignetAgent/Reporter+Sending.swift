import ControlProtocol
import Enrollment
import Faults
import FoundationEssentials
import Profiles
import Reports
import SCEP
import X509

extension Reporter {
    /// Sends what waits, oldest first, over one connection, until there is nothing left, an answer says to wait, or
    /// the run has lasted long enough.
    ///
    /// - Returns: how many were accepted.
    func send() async -> Int {
        // In the turn that found nothing left: what is added later begins a run of its own.
        defer { run = nil }
        guard let route else { return 0 }
        let end = ports.now().addingTimeInterval(ReportSchedule.longestRun)
        var sent = 0
        var transport: (any Transport)?
        while let entry = outbox.first, !Task.isCancelled {
            let answer: DeliveryAnswer
            do {
                if transport == nil {
                    guard let access = try access(route) else { return sent }
                    transport = try ports.reports.transport(access)
                }
                guard let transport, ports.now() < end else {
                    _ = conclude(.tooSlow, of: entry)
                    return sent
                }
                guard let json = try store.read(entry.sequence) else {
                    outbox.remove(entry.sequence)
                    continue
                }
                answer = try await post(json, route.settings.endpoint, transport)
            } catch let fault as TransportFault {
                if Task.isCancelled { return sent }
                answer = .none(detail: "\(fault)")
            } catch {
                answer = .noCredential(detail: "\(error)")
            }
            // It may have been dropped, or reporting switched off, while it was under way.
            guard self.route == route else { return sent }
            // Another entry may have its number: that of the device that a copied disk is in now.
            guard outbox.entries.contains(entry) else { continue }
            switch conclude(answer, of: entry) {
            case .accepted:
                sent += 1
                record(isAsked: false)
            case .dropped: continue
            case .kept: return sent
            }
        }
        return sent
    }

    private func post(_ json: [UInt8], _ url: String, _ transport: any Transport) async throws -> DeliveryAnswer {
        let response = try await transport.exchange(
            HTTPRequest(
                method: .post, url: url, body: json, contentType: Report.mediaType, limit: ReportSchedule.answerLimit,
                deadline: ReportSchedule.deadline))
        return .status(response.status, retryAfter: response.retryAfter)
    }

    /// Who the device is to the endpoint; nil while it has neither token nor identity, which a first enrollment changes.
    /// Throws what says which part cannot be had.
    private func access(_ route: Route) throws -> EndpointAccess? {
        let settings = route.settings
        var access = EndpointAccess(authorities: try settings.ca.map { try ports.bytes($0) })
        access.proxy = try ports.proxy(settings.proxy)
        access.token = try settings.token.map { try ports.reports.token($0) }
        if let name = route.identity {
            let store = ProfileStore(name, files: ports.files)
            // An expired certificate would have the handshake refused; where a token speaks for the device, it can
            // still tell that it has expired.
            // Nor does a machine speak with the identity of another one whose disk it has a copy of.
            let state = (try? store.loadState())?.state
            if state?.isForeign != true,
                let generation = try store.generations(
                    of: state, now: ports.now(), where: ports.isPair
                ).current,
                access.token == nil || ports.now() < generation.certificate.notAfter
            {
                access.show(generation, key: try store.key(of: generation.number))
            }
        }
        if access.token != nil || access.key != nil { return access }
        if route.isAmbiguous {
            throw CredentialFailure("there are several profiles, and management.identity names none of them")
        }
        return nil
    }
}
