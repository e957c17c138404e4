import Profiles
import TOMLConfiguration

enum ProfileTarget {
    static func run(_ bytes: [UInt8]) throws -> Bool {
        guard let name = ProfileName("access") else { return false }
        var isRead = false
        do throws(ConfigurationErrors) {
            let profile = try ProfileReader.profile(named: name, text: bytes, file: "access.toml")
            isRead = !profile.canonicalBytes.isEmpty
        } catch {
            try check(error, bytes)
        }
        do throws(ConfigurationErrors) {
            _ = try AgentSettingsReader.settings(text: bytes, file: "signet.toml")
            isRead = true
        } catch {
            try check(error, bytes)
        }
        return isRead
    }

    /// Each error names a place in the file, in one line.
    private static func check(_ errors: ConfigurationErrors, _ text: [UInt8]) throws {
        let lines = text.count { $0 == 0x0A } + 1
        try hold((1...100).contains(errors.errors.count), "there are \(errors.errors.count) errors")
        for error in errors.errors {
            try holdPrintable(error.description)
            try hold((1...lines).contains(error.line ?? 1), "line \(error.line ?? 0) of \(lines)")
            try hold((1...text.count + 1).contains(error.column ?? 1), "column \(error.column ?? 0)")
        }
    }

    static let examples: [(name: String, bytes: [UInt8])] = [
        (
            "profile",
            #"""
            [scep]
            url = ["https://pki.example.com/scep", "http://192.0.2.1/scep?x=1"]
            ca-fingerprint = ["4f0a000000000000000000000000000000000000000000000000000000000000"]
            ra-fingerprint = []
            challenge = { credential = "scep-challenge", single-use = true }
            security = "rfc8894"
            after-revocation = "enroll"
            tls-ca = "/etc/signet/anchors/tls.pem"
            [subject]
            name = "CN=${serial_number},O=Example\\, Inc."
            alternative-names = ["DNS:${fqdn}", "URI:urn:device:${machine_id}", "IP:2001:db8::1"]
            [key]
            type = "rsa"
            bits = 3072
            store = "file"
            [renewal]
            at = 0.5
            spread = 1e-1
            [install]
            anchors = ["/etc/signet/anchors/root.pem"]
            chain = ["/etc/signet/anchors/issuing.pem"]
            group = "signet-clients"
            [device-tag]
            identification-cas = ["/etc/signet/anchors/root.pem"]
            gateway = "mdca"
            require-revocation-check = true
            crl-urls = ["http://crl.example.com/a.crl"]
            """#
        ),
        (
            "least",
            #"""
            scep.url = 'http://pki.example.com/scep'
            scep.allow-unpinned-ca = true
            scep.challenge.command = ["/usr/bin/tool", """a"""]
            subject = { name = "CN=x" }
            """#
        ),
        (
            "settings",
            #"""
            [agent]
            idle-exit = "10min"
            [management]
            endpoint = "https://fleet.example.com/events"
            token = { credential = "fleet-token" }
            identity = "access"
            ca = "/etc/signet/anchors/fleet.pem"
            heartbeat = 3600
            """#
        ),
    ].map { ($0, Array($1.utf8)) }
}
