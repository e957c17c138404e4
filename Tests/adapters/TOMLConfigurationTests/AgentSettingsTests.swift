import Profiles
import TOMLConfiguration
import Testing

struct AgentSettingsTests {
    private func settings(_ text: String) throws -> AgentSettings {
        try AgentSettingsReader.settings(text: Array(text.utf8), file: "signet.toml")
    }

    @Test(arguments: [
        ("", 10), ("[agent]", 10), ("[agent]\nidle-exit = 5", 5), ("[agent]\nidle-exit = \"90s\"", 90),
        ("agent.idle-exit = \"1h\"", 3600),
    ])
    func `idle-exit is a number of seconds or a time span`(text: String, seconds: Int) throws {
        #expect(try settings(text).idleExit == seconds)
    }

    @Test func `management says where reports go, and who the device is there`() throws {
        #expect(try settings("[agent]").management == nil)
        #expect(
            try settings("[management]\nendpoint = \"https://fleet.example.com/events\"").management
                == ManagementSettings(endpoint: "https://fleet.example.com/events", heartbeat: 86_400))
        let all = """
            [management]
            endpoint = "https://fleet.example.com:8443/events?fleet=a"
            token = { credential = "fleet-token" }
            identity = "office"
            ca = "/etc/signet/anchors/fleet.pem"
            heartbeat = "7d"
            proxy = "http://proxy.example.com:3128"
            """
        #expect(
            try settings(all).management
                == ManagementSettings(
                    endpoint: "https://fleet.example.com:8443/events?fleet=a", token: "fleet-token",
                    identity: ProfileName("office"), ca: "/etc/signet/anchors/fleet.pem", heartbeat: 604_800,
                    proxy: ProxySettings(url: "http://proxy.example.com:3128")))
    }

    @Test(arguments: [
        (
            "[agent]\nidle-exit = 0",
            "signet.toml:2:13: agent.idle-exit: expected 1s to 1h, got 0 seconds; choose a value within the limits"
        ),
        (
            "[agent]\nidle-exit = \"2h\"",
            "signet.toml:2:13: agent.idle-exit: expected 1s to 1h, got 7200 seconds; choose a value within the limits"
        ),
        (
            "[agent]\nidle-exit = true",
            "signet.toml:2:13: agent.idle-exit: expected text, got true or false; write it in quotes"
        ),
        ("idle-exit = 5", "signet.toml:1:1: unknown key 'idle-exit'; it belongs in [agent]"),
        (
            "[management]",
            "signet.toml:1:1: management.endpoint is missing; add [management] endpoint = \"https://fleet.example.com/events\""
        ),
        (
            "[management]\nendpoint = \"http://a/\"",
            "signet.toml:2:12: management.endpoint: expected https:// first, got 'http://a/'; write it like https://pki.example.com/scep"
        ),
        (
            "management.endpoint = \"https://a/\"\nmanagement.token = \"hunter2\"",
            "signet.toml:2:20: management.token: expected a table, got text; write it like { credential = \"fleet-token\" }"
        ),
        (
            "[management]\nendpoint = \"https://a/\"\ntoken = { file = \"/t\", credential = \"a/b\" }",
            """
            signet.toml:3:11: unknown key 'management.token.file'; remove it; known here are credential
            signet.toml:3:37: management.token.credential: expected letters, digits, '.', '_' and '-', at most 240, got 'a/b'; name a file in /etc/signet/credentials
            """
        ),
        (
            "[management]\nendpoint = \"https://a/\"\nidentity = \"A\"\nca = \"root.pem\"\nheartbeat = \"30min\"",
            """
            signet.toml:3:12: management.identity: expected a profile's name, got 'A'; name a file in profiles.d, without .toml
            signet.toml:4:6: management.ca: expected an absolute path, got 'root.pem'; write the whole path from '/', without '.', '..' or doubled '/'
            signet.toml:5:13: management.heartbeat: expected 1h to 7d, got 1800 seconds; choose a value within the limits
            """
        ),
        ("[agent]\nendpoint = \"x\"", "signet.toml:2:1: unknown key 'agent.endpoint'; it belongs in [management]"),
    ])
    func `anything else is refused`(text: String, error: String) throws {
        let errors = try #require(throws: ConfigurationErrors.self) { try settings(text) }
        #expect(errors.description == error)
    }
}
