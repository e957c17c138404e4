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
            "[management]\nendpoint = \"https://a/\"\ntoken = \"t\"",
            "signet.toml:1:1: [management] is not built yet; remove it; nothing is reported so far"
        ),
    ])
    func `anything else is refused`(text: String, error: String) throws {
        let errors = try #require(throws: ConfigurationErrors.self) { try settings(text) }
        #expect(errors.description == error)
    }
}
