import FoundationEssentials
import Testing

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

    @Test func `Every error is told with its place`() async throws {
        try await withRoot { root in
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
        try await withRoot { root in
            let profile = valid + "\n[install]\nanchors = [\"/etc/signet/anchors/root.pem\"]\n"
            try write("laptop-7\n", to: root + "/etc/hostname")
            try write(profile, to: root + "/etc/signet/profiles.d/access.toml")
            let missing = await signetctl("config", "check", "--root", root)
            #expect(missing.status == .failed)
            #expect(missing.output.contains("\(root)/etc/signet/anchors/root.pem: error: it does not exist"))
            try write("x", to: root + "/etc/signet/anchors/root.pem")
            #expect(await signetctl("config", "check", "--root", root).status == .done)
        }
    }

    @Test func `What the management endpoint needs must be there`() async throws {
        try await withRoot { root in
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
            try write("x", to: root + "/etc/signet/anchors/fleet.pem")
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
        try await withRoot { root in
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
        try await withRoot { root in
            let outcome = await signetctl("config", "check", "--root", root)
            #expect(outcome.status == .done && outcome.output == "no profile in \(root)/etc/signet/profiles.d\n")
        }
    }

    @Test func `Files are checked wherever they are`() async throws {
        try await withRoot { root in
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
        try await withRoot { root in
            try write("[scep]\nurl = 1\n", to: root + "/etc/signet/profiles.d/broken.toml")
            let outcome = await signetctl("config", "check", "--json", "--root", root)
            let reports = try JSONDecoder().decode(Reports.self, from: Data(outcome.output.utf8))
            #expect(reports.files.count == 1)
            #expect(reports.files.first?.errors.contains { $0.line == 2 } == true)
        }
    }
}
