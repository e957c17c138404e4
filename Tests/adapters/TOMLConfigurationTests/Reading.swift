import Profiles
import TOMLConfiguration

/// Profiles as tests write them: from text, or with one line exchanged in a good one.
enum Reading {
    static let fingerprint = "4f0a" + String(repeating: "00", count: 30)

    /// The least that a profile needs, in the order url, fingerprint, name; each test replaces or adds lines.
    static func text(
        url: String = "url = \"http://pki.example.com/scep\"", pin: String? = nil, scep: String = "",
        name: String = "name = \"CN=x\"", rest: String = ""
    ) -> String {
        """
        [scep]
        \(url)
        \(pin ?? "ca-fingerprint = \"\(fingerprint)\"")
        \(scep)
        [subject]
        \(name)
        \(rest)
        """
    }

    static func profile(_ text: String) throws -> Profile {
        guard let name = ProfileName("a") else { throw CancellationError() }
        return try ProfileReader.profile(named: name, text: Array(text.utf8), file: "a.toml")
    }

    /// The errors' lines; none where the text is a good profile.
    static func errors(_ text: String) throws -> [String] {
        do {
            _ = try profile(text)
            return []
        } catch let errors as ConfigurationErrors {
            return errors.errors.map(\.description)
        }
    }
}
