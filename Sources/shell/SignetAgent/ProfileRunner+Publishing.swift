import Enrollment
import Faults
import FoundationEssentials
import Installation
import SCEP
import X509

extension ProfileRunner {
    /// Has the installer publish a generation, and believes only what it says it read back.
    func publish(_ number: Int) async {
        report(step: "publishing")
        do {
            guard let generation = try store.generation(number), let key = try store.key(of: number) else {
                throw UnreadableRequest()
            }
            let above = profile.chainToSubmit(
                generation.chain + (generation.root.map { [$0] } ?? []), named: namedCertificates(),
                ports.cryptography)
            let published = try await ports.installer.publish(
                Publication(
                    profile: name, generation: number, key: key, certificate: generation.certificate.der,
                    chain: above.map(\.der), discardsPrevious: document.state.followsForeign(number)))
            let digest = Hexadecimal.string(ports.cryptography.sha256(generation.certificate.der)).lowercased()
            guard published.generation == number, published.sha256 == digest else {
                throw InstallationFault(
                    .readBackDiffers, attempted: "publish generation \(number)", expected: digest,
                    got: published.sha256)
            }
            report(step: "published")
            feed(.published(number))
            // Nobody waits for it.
            onAgent { runner in
                let state = runner.document.state
                try? runner.store.prune(
                    before: number, foreign: state.foreignGeneration, sparing: state.replaced?.generation)
            }
        } catch let fault as InstallationFault where fault.code == .olderThanPublished {
            feed(.foundNewerPublished(detail: "\(fault)"))
        } catch let fault as InstallationFault {
            let code: ProblemCode = fault.code == .unreachable ? .installerUnreachable : .installRefused
            feed(.publishFailed(code, detail: "\(fault)"))
        } catch {
            feed(.publishFailed(.storage, detail: "\(error)"))
        }
        judge()
    }

    /// None where a file cannot be read: the installer says so, who reads the same.
    private func namedCertificates() -> [Certificate] {
        (try? profile.serverPolicy(anchors: context.anchors, certificates: ports.certificates))?.namedCertificates ?? []
    }

    /// Whether readers find the certificate that was published. What this program may not read says nothing; and where
    /// publishing again did not help, the next look is a tick later.
    func lookAtPublished() {
        let now = ports.now()
        if let lastAlteration, (0..<Schedule.tick).contains(now.timeIntervalSince(lastAlteration)) { return }
        guard let generation, document.state.published == generation.number else { return }
        do {
            let found = try ports.publishedCertificate(name)
            guard (found.flatMap { try? PEM.certificates(in: $0).first }) != generation.certificate else { return }
            lastAlteration = now
            feed(.publicationAltered(found == nil ? "a file is gone or closed" : "other files are there"))
        } catch {
            return
        }
    }
}
