import FoundationEssentials
import Glibc
import TestFiles
import TestPKI
import Testing
import X509

@testable import signetctl

struct ConfigCheckTests {
    private func write(_ text: String, to path: String) throws {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "/" + folder, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
    }

    private let valid = """
        [scep]
        url = "https://pki.example.com/scep"
        ca-fingerprint = ["sha256:\(String(repeating: "ab", count: 32))"]
        [subject]
        name = "CN=${hostname},O=Example"
        """

    private func certificate() throws -> String {
        let root = try CertificateOrder.authority().issue()
        return String(decoding: PEM.encode(root.certificate.der, label: PEM.certificateLabel), as: UTF8.self)
    }

    @Test func `Every error is told with its place`() async throws {
        try await withScratchFolder { root in
            try write("[scep]\nurl = 1\nchallange = \"x\"\n", to: root + "/etc/signet/profiles.d/broken.toml")
            try write(valid, to: root + "/etc/signet/profiles.d/good.toml")
            try write("laptop-7\n", to: root + "/etc/hostname")
            let outcome = await signetctl("config", "check", "--root", root)
            #expect(outcome.status == .failed)
            let file = root + "/etc/signet/profiles.d/broken.toml"
            #expect(outcome.output.contains("\(file):2:"))
            #expect(outcome.output.contains("\(file):3:"))
            #expect(outcome.output.contains("\(root)/etc/signet/profiles.d/good.toml: ok\n"))
            #expect(outcome.errors.hasPrefix("signetctl: "))
        }
    }

    @Test func `A file that a profile names must be there`() async throws {
        try await withScratchFolder { root in
            let profile =
                valid + "\n[install]\nanchors = [\"/etc/signet/anchors/root.pem\"]\n"
                + "[device-tag]\nidentification-cas = [\"/etc/signet/anchors/root.pem\"]\n"
            try write("laptop-7\n", to: root + "/etc/hostname")
            try write(profile, to: root + "/etc/signet/profiles.d/access.toml")
            let missing = await signetctl("config", "check", "--root", root)
            #expect(missing.status == .failed)
            #expect(missing.output.contains("\(root)/etc/signet/anchors/root.pem: error: it does not exist"))
            let lines = missing.output.split(separator: "\n").filter { $0.contains("it does not exist") }
            #expect(lines.count == 1, "a file that is named twice is missing once")
            try write("x", to: root + "/etc/signet/anchors/root.pem")
            let none = await signetctl("config", "check", "--root", root)
            #expect(none.status == .failed)
            #expect(none.output.contains("\(root)/etc/signet/anchors/root.pem: error: it holds no certificates"))
            try write(try certificate(), to: root + "/etc/signet/anchors/root.pem")
            #expect(await signetctl("config", "check", "--root", root).status == .done)
        }
    }

    @Test func `What the HTTPS server must chain to must be there`() async throws {
        try await withScratchFolder { root in
            let profile = valid.replacing("[subject]", with: "tls-ca = \"/etc/signet/anchors/tls.pem\"\n[subject]")
            try write("laptop-7\n", to: root + "/etc/hostname")
            try write(profile, to: root + "/etc/signet/profiles.d/access.toml")
            let missing = await signetctl("config", "check", "--root", root)
            #expect(missing.output.contains("\(root)/etc/signet/anchors/tls.pem: error: it does not exist"))
        }
    }

    @Test func `The group that is given the key must be there`() async throws {
        try await withScratchFolder { root in
            try write("laptop-7\n", to: root + "/etc/hostname")
            try write("root:x:0:\n", to: root + "/etc/group")
            try write(
                valid + "\n[install]\ngroup = \"vpn\"\n", to: root + "/etc/signet/profiles.d/access.toml")
            let missing = await signetctl("config", "check", "--root", root)
            #expect(missing.status == .failed)
            #expect(missing.output.contains("access.toml: error: install.group: there is no group 'vpn'"))
            try write("root:x:0:\nvpn:x:990:\n", to: root + "/etc/group")
            #expect(await signetctl("config", "check", "--root", root).status == .done)
        }
    }

    /// Root sees everything, the agent's user does not.
    @Test(arguments: ["profiles.d/access.toml", "anchors/root.pem", "signet.toml"])
    func `What the agent may not read is an error`(file: String) async throws {
        try await withScratchFolder { root in
            try write("laptop-7\n", to: root + "/etc/hostname")
            try write("root:x:0:0::/root:/bin/sh\nsignet:x:9999:9998::/:/bin/false\n", to: root + "/etc/passwd")
            try write(
                valid + "\n[install]\nanchors = [\"/etc/signet/anchors/root.pem\"]\n",
                to: root + "/etc/signet/profiles.d/access.toml")
            try write(try certificate(), to: root + "/etc/signet/anchors/root.pem")
            try write("[agent]\nidle-exit = \"5s\"\n", to: root + "/etc/signet/signet.toml")
            for other in ["profiles.d/access.toml", "anchors/root.pem", "signet.toml"] {
                #expect(chmod("\(root)/etc/signet/\(other)", 0o644) == 0)
            }
            #expect(await signetctl("config", "check", "--root", root).status == .done)
            #expect(chmod("\(root)/etc/signet/\(file)", 0o600) == 0)
            let closed = await signetctl("config", "check", "--root", root)
            #expect(closed.status == .failed)
            #expect(closed.output.contains("/\(file): error: the agent's user 'signet' may not read it (mode 600)"))
            #expect(chmod("\(root)/etc/signet/\(file)", 0o644) == 0)
            #expect(chmod("\(root)/etc/signet", 0o700) == 0)
            let folder = await signetctl("config", "check", "--root", root)
            #expect(folder.output.contains("/etc/signet: error: the agent's user 'signet' may not enter it (mode 700)"))
            #expect(folder.output.contains("run: chmod a+rX \(root)/etc/signet\n"))
        }
    }

    @Test func `What the management endpoint needs must be there`() async throws {
        try await withScratchFolder { root in
            let settings = """
                [management]
                endpoint = "https://fleet.example.com/events"
                identity = "access"
                ca = "/etc/signet/anchors/fleet.pem"
                """
            try write("laptop-7\n", to: root + "/etc/hostname")
            try write(settings, to: root + "/etc/signet/signet.toml")
            let missing = await signetctl("config", "check", "--root", root)
            #expect(missing.output.contains("\(root)/etc/signet/anchors/fleet.pem: error: it does not exist"))
            try write(try certificate(), to: root + "/etc/signet/anchors/fleet.pem")
            let nobody = await signetctl("config", "check", "--root", root)
            #expect(nobody.status == .failed)
            #expect(nobody.output.contains("error: management.identity: there is no profile 'access'; name one"))
            try write(valid, to: root + "/etc/signet/profiles.d/access.toml")
            #expect(await signetctl("config", "check", "--root", root).status == .done)
        }
    }

    @Test func `The subject that this machine asks for is told, and one that it cannot fill in is an error`()
        async throws
    {
        try await withScratchFolder { root in
            try write(valid, to: root + "/etc/signet/profiles.d/access.toml")
            let unnamed = await signetctl("config", "check", "--root", root)
            #expect(unnamed.status == .failed)
            #expect(unnamed.output.contains("access.toml: error: subject: nothing for ${hostname} on this machine; "))
            try write("laptop-7\n", to: root + "/etc/hostname")
            let named = await signetctl("config", "check", "--root", root)
            #expect(named.status == .done)
            #expect(named.output.contains("access.toml: note: this machine asks for CN=laptop-7,O=Example\n"))
        }
    }

    @Test func `Nothing configured is no error`() async throws {
        try await withScratchFolder { root in
            let outcome = await signetctl("config", "check", "--root", root)
            #expect(outcome.status == .done && outcome.output == "no profile in \(root)/etc/signet/profiles.d\n")
        }
    }

    @Test func `Files are checked wherever they are`() async throws {
        try await withScratchFolder { root in
            try write(valid, to: root + "/access.toml")
            try write("[agent]\nidle-exit = \"x\"\n", to: root + "/signet.toml")
            try write(valid, to: root + "/Not A Name.toml")
            #expect(await signetctl("config", "check", root + "/access.toml").status == .done)
            let settings = await signetctl("config", "check", root + "/signet.toml")
            #expect(settings.status == .failed && settings.output.contains("\(root)/signet.toml:2:"))
            #expect(await signetctl("config", "check", root + "/Not A Name.toml").status == .failed)
            #expect(await signetctl("config", "check", root + "/none.toml").status == .failed)
        }
    }

    /// As Ansible names what it hands to `validate`, before the file has its own name.
    @Test func `A copy whose name begins with a dot is judged as without it`() async throws {
        try await withScratchFolder { root in
            try write(valid, to: root + "/.source.toml")
            #expect(await signetctl("config", "check", root + "/.source.toml").status == .done)
            try write(valid.replacing("url", with: "uri"), to: root + "/.wrong.toml")
            let wrong = await signetctl("config", "check", root + "/.wrong.toml")
            #expect(wrong.status == .failed && wrong.output.contains("\(root)/.wrong.toml:2:"))
            for name in ["..source.toml", ".Source.toml", ".toml", "..toml"] {
                try write(valid, to: root + "/\(name)")
                let outcome = await signetctl("config", "check", root + "/\(name)")
                #expect(outcome.status == .failed && outcome.output.contains("its name is no profile's name"))
            }
        }
    }

    @Test func `As JSON, places are members`() async throws {
        struct Reports: Decodable {
            struct File: Decodable {
                struct Finding: Decodable {
                    let file: String
                    let line: Int?
                }
                let file: String
                let errors: [Finding]
            }
            let files: [File]
        }
        try await withScratchFolder { root in
            try write("[scep]\nurl = 1\n", to: root + "/etc/signet/profiles.d/broken.toml")
            let outcome = await signetctl("config", "check", "--json", "--root", root)
            let reports = try JSONDecoder().decode(Reports.self, from: Data(outcome.output.utf8))
            #expect(reports.files.count == 1)
            #expect(reports.files.first?.errors.contains { $0.line == 2 } == true)
        }
    }
}
