import ControlProtocol
import Testing

struct MetricsTextTests {
    @Test func `A document renders as metrics`() {
        let lines = MetricsText.render(Samples.full).split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0)
        }
        #expect(lines.last == "")
        for line in [
            #"signet_agent_info{version="0.1.0",openssl="3.5.1"} 1"#,
            "signet_status_written_timestamp_seconds 1795348800",
            #"signet_certificate_not_after_timestamp_seconds{profile="conditional-access"} 1797940800"#,
            #"signet_profile_state{profile="conditional-access",state="renewing"} 1"#,
            #"signet_device_tag{profile="conditional-access",value="valid-client-certificate"} 1"#,
            #"signet_device_tag{profile="conditional-access",value="expired"} 0"#,
            #"signet_next_action_timestamp_seconds{profile="conditional-access",action="retry"} 1795349700"#,
            #"signet_problem{profile="conditional-access",code="server-unreachable",severity="warning"} 1"#,
            #"signet_problem{profile="",code="clock-not-synchronised",severity="warning"} 1"#,
            "signet_outbox_waiting 2", "signet_outbox_oldest_timestamp_seconds 1795348200", "signet_outbox_dropped 1",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test func `Every metric has HELP and TYPE just before its samples, once`() {
        var current = ""
        var seen: Set<String> = []
        for line in MetricsText.render(Samples.full).split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP ") {
                current = String(words[2])
                #expect(seen.insert(current).inserted)
            } else if line.hasPrefix("# TYPE ") {
                #expect(line == "# TYPE \(current) gauge")
            } else {
                #expect(line.prefix { $0 != "{" && $0 != " " } == current)
            }
        }
        #expect(seen.count == 13)
    }

    @Test func `A metric without samples is left out`() {
        var status = Samples.full
        status.profiles = []
        status.problems = []
        let text = MetricsText.render(status)
        #expect(!text.contains("signet_problem") && !text.contains("signet_device_tag"))
    }

    @Test func `Labels are escaped`() {
        var status = Samples.full
        status.agent.version = "a\"b\\c\nd"
        #expect(MetricsText.render(status).contains(#"signet_agent_info{version="a\"b\\c\nd",openssl="3.5.1"} 1"#))
    }
}
