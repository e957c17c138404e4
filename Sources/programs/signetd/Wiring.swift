import ControlProtocol
import DurableFiles
import Enrollment
import Faults
import FoundationEssentials
import Glibc
import Installation
import MachineFacts
import OpenSSLCrypto
import Profiles
import SCEP
import Secrets
import SignetAgent
import SystemdHost
import TOMLConfiguration
import TrustStores
import X509

// The adapter has exactly what the port asks for.
extension DurableFiles: InstalledFiles {}

/// Hands the agent everything outside it.
func wirePorts(root: String, folder: ConfigurationFolder, journal: Journal) -> AgentPorts {
    let machine = MachineFacts(root: root.isEmpty ? "/" : root)
    let files = DurableFiles()
    let trustStore = DebianTrustStore(root: root.isEmpty ? "/" : root, files: files)
    return AgentPorts(
        now: { Date() },
        wait: waitOnWallClock,
        cryptography: OpenSSL(),
        transport: openTransport,
        files: DiskFiles(folder: root + "/var/lib/signet"),
        installer: InstallerSocket(path: root + "/run/signet/install"),
        configuration: { readConfiguration(folder) },
        parse: { try ProfileReader.profile(named: $0, text: $1, file: "profile.toml") },
        certificates: { try folder.certificates($0) },
        installedAnchors: { try trustStore.installedAnchors() },
        publishedCertificate: { try readPublished($0, files, root: root) },
        bytes: { try folder.readCertificates($0) },
        challenge: { try await readChallenge($0, root: root) },
        credential: readCredential,
        facts: { machine.facts(productSerial: nil) },
        traits: {
            let (machineID, addresses) = machine.openTraits()
            return MachineTraits(machineID: machineID, addresses: addresses)
        },
        boot: { bootMark(root: root) },
        publish: { name, bytes in
            try files.makeDirectories(root + "/run/signet/public", mode: 0o755)
            try files.replaceVolatile(root + "/run/signet/public/" + name, with: bytes, mode: 0o644)
        },
        log: { journal.log($0) },
        versions: (agent: Release.version, openssl: OpenSSL.version),
        reports: ReportPorts(transport: openTransport, token: readToken))
}

/// The installer's socket is made anew at each boot, in memory. (The kernel's own boot id lies where the service's sandbox
/// shows nothing.)
private func bootMark(root: String) -> String? {
    var status = stat()
    guard stat(root + "/run/signet/install", &status) == 0 else { return nil }
    return "\(status.st_ino) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
}

private func readConfiguration(_ folder: ConfigurationFolder) -> Configuration {
    var configuration = Configuration(profiles: [], refused: [])
    do {
        for entry in try folder.profiles() {
            switch entry.result {
            case .success(let profile):
                configuration.profiles.append(profile)
                configuration.texts[profile.name] = entry.text
            case .failure(let errors):
                let name = entry.name.map { "\($0)" } ?? entry.file
                configuration.refused.append((name, errors.errors.map(\.description)))
            }
        }
    } catch {
        configuration.isComplete = false
        configuration.refused.append(("profiles.d", error.errors.map(\.description)))
    }
    do {
        configuration.management = try folder.agentSettings().management.map { .endpoint($0) } ?? .absent
    } catch {
        configuration.management = .unreadable
        configuration.refused.append((Configuration.settings, error.errors.map(\.description)))
    }
    return configuration
}

/// The certificate, with what can be seen of its neighbours: everybody may look, so this program too. Nothing where a
/// file is gone or none, and no certificate where they do not belong together.
private func readPublished(_ profile: ProfileName, _ files: DurableFiles, root: String) throws -> [UInt8]? {
    let folder = PublishedLayout(root: root.isEmpty ? "/" : root).current(profile)
    var hasAll = true
    func look(_ name: String, isOpen: Bool = true) throws(FileFault) -> PublishedSight.File {
        let path = "\(folder)/\(name)"
        guard let status = try files.status(of: path), status.kind == .regular else {
            hasAll = false
            return PublishedSight.File(owner: 0, mode: 0, size: 0)
        }
        // One that is closed to this program is closed to those whom it is for.
        let content = isOpen && status.mode & 0o004 != 0 ? try files.read(path, limit: 1024 * 1024) : nil
        return PublishedSight.File(owner: status.owner, mode: status.mode, size: status.size, content: content)
    }
    do throws(FileFault) {
        let sight = PublishedSight(
            certificate: try look("cert.pem"), chain: try look("chain.pem"), fullChain: try look("fullchain.pem"),
            key: try look("key.pem", isOpen: false), combined: try look("combined.pem", isOpen: false))
        guard hasAll else { return nil }
        return sight.isWhole ? try files.read("\(folder)/cert.pem", limit: 1024 * 1024) : []
    } catch {
        switch error.code {
        case .missing, .notDirectory, .notRegularFile, .tooLarge: return nil
        default: throw error
        }
    }
}

/// Reads the challenge where the profile says, without the line end that editors and commands append.
private func readChallenge(_ source: ChallengeSource, root: String) async throws -> Secret {
    let secret: Secret
    switch source.location {
    case .credential(let name):
        guard let credential = try StoredSecrets.credential(named: name) else {
            throw MissingChallenge(place: "the credential '\(name)' (a file in /etc/signet/credentials)")
        }
        secret = credential.trimmed()
    case .file(let path): secret = try StoredSecrets.file(root + path).trimmed()
    case .command(let arguments): secret = try await SecretCommand(arguments).output().trimmed()
    case .server(let server): throw MissingChallenge(place: "'\(server.url)' is asked by whoever sends it")
    }
    guard !secret.isEmpty else { throw MissingChallenge(place: "an empty challenge") }
    return secret
}

private struct MissingChallenge: Error, CustomStringConvertible {
    let place: String
    var description: String { "there is none: \(place)" }
}
