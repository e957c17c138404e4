import Faults
import Glibc
import MachineFacts
import Profiles
import TOMLConfiguration

/// Checks configuration files as the programs that use them would read them.
struct ConfigCheck {
    private let folder: ConfigurationFolder
    private let machine: MachineFacts
    private let agent: AgentsRights

    /// - Parameter root: the folder to take for /. Below another than / the caller's files count, as root's do there.
    init(root: String) {
        machine = MachineFacts(root: root)
        agent = AgentsRights(root: root)
        folder = ConfigurationFolder(root: root, ownership: .rootOnly(uid: root == "/" ? 0 : getuid()))
    }

    /// signet.toml, where it is wrong or there are profiles, and every profile.
    func everything() -> [FileReport] {
        var reports: [FileReport] = []
        do throws(ConfigurationErrors) {
            if let management = try folder.agentSettings().management { try check(management) }
        } catch {
            reports.append(report("signet.toml", error))
        }
        let settings = agent.root + "/etc/signet/signet.toml"
        // It may be absent, and then nobody has to read it.
        if access(settings, F_OK) == 0 {
            let objections = agent.objections(to: settings)
            if !objections.errors.isEmpty { reports.append(report(settings, objections)) }
        }
        do throws(ConfigurationErrors) {
            for entry in try folder.profiles() { reports.append(self.report(entry)) }
        } catch {
            reports.append(report("profiles.d", error))
        }
        return reports
    }

    /// A file anywhere: `signet.toml`, or else a profile of the file's name. A '.' before it, as a copy has that is to be
    /// put in place once it was found right, does not belong to the name.
    func file(_ path: String) -> FileReport {
        let last = path.split(separator: "/").last.map { String($0) } ?? path
        var report = FileReport(path)
        do throws(ConfigurationErrors) {
            let text = try ConfigurationFolder.text(of: path)
            if last == "signet.toml" {
                _ = try AgentSettingsReader.settings(text: text, file: path)
                return report
            }
            let stem = last.hasSuffix(".toml") ? last.dropLast(5) : last[...]
            guard let name = ProfileName(String(stem.hasPrefix(".") ? stem.dropFirst() : stem)) else {
                throw ConfigurationErrors([
                    ConfigurationError(
                        file: path, text: "its name is no profile's name",
                        remedy: "rename it to at most 63 lower-case letters, digits and '-', then .toml")
                ])
            }
            let profile = try ProfileReader.profile(named: name, text: text, file: path)
            // It may be meant for other machines: what this one lacks is no error of the file.
            report.notes.append(asked(of: profile).text)
        } catch {
            report.add(error)
        }
        return report
    }

    /// What signet.toml names must be there.
    private func check(_ management: ManagementSettings) throws(ConfigurationErrors) {
        if let path = management.ca { try checkCertificates(path) }
        guard let identity = management.identity else { return }
        guard try folder.profiles().contains(where: { $0.name == identity }) else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: "signet.toml", text: "management.identity: there is no profile '\(identity)'",
                    remedy: "name one of the files in profiles.d, without .toml")
            ])
        }
    }

    private func report(_ entry: ConfigurationFolder.Entry) -> FileReport {
        var report = FileReport(entry.file)
        do throws(ConfigurationErrors) {
            let profile = try entry.result.get()
            report.add(agent.objections(to: entry.file))
            for path in profile.namedFiles {
                do throws(ConfigurationErrors) {
                    try checkCertificates(path)
                } catch {
                    report.add(error)
                }
            }
            if let group = profile.install.group, !agent.accounts.hasGroup(group) {
                report.add(
                    ConfigurationErrors([
                        ConfigurationError(
                            file: entry.file, text: "install.group: there is no group '\(group)' on this machine",
                            remedy: "make it with 'groupadd --system \(group)', or correct it")
                    ]))
            }
            switch asked(of: profile) {
            case .subject(let text), .unknown(let text): report.notes.append(text)
            case .unavailable(let text, let remedy):
                report.add(ConfigurationErrors([ConfigurationError(file: entry.file, text: text, remedy: remedy)]))
            }
        } catch {
            report.add(error)
        }
        return report
    }

    /// What stands there must be certificates, and the agent must be able to read them.
    private func checkCertificates(_ path: String) throws(ConfigurationErrors) {
        _ = try folder.certificates(path)
        let objections = agent.objections(to: agent.root + path)
        if !objections.errors.isEmpty { throw objections }
    }

    private func report(_ name: String, _ errors: ConfigurationErrors) -> FileReport {
        var report = FileReport(errors.errors.first?.file ?? name)
        report.add(errors)
        return report
    }

    /// What this machine makes of a profile's subject.
    private enum Asked {
        case subject(String)
        /// Only root could say.
        case unknown(String)
        case unavailable(String, remedy: String)

        var text: String {
            switch self {
            case .subject(let text), .unknown(let text), .unavailable(let text, _): text
            }
        }
    }

    private func asked(of profile: Profile) -> Asked {
        let serial = machine.deviceFacts().productSerial
        do throws(ProfileFault) {
            let subject = try profile.subject.render(machine.facts(productSerial: serial))
            return .subject("this machine asks for \(subject.name)")
        } catch  where error.code == .emptyVariable {
            let isSerialMissing = serial == nil && (try? profile.subject.variables.contains(.serialNumber)) == true
            if isSerialMissing, getuid() != 0 {
                return .unknown("its subject needs the serial number, which only root can read: run this with sudo")
            }
            return .unavailable(
                "subject: \(error.got ?? "a variable is empty") on this machine", remedy: error.code.remedy)
        } catch {
            return .unavailable("subject: \(error)", remedy: error.code.remedy)
        }
    }
}

extension Profile {
    /// Files of certificates that it names, each once.
    fileprivate var namedFiles: [String] {
        let all = install.anchors + install.chain + deviceTag.identificationCAs + [scep.tlsCA].compactMap { $0 }
        return Set(all).sorted()
    }
}
