/// The status document for Prometheus' textfile collector (text exposition format 0.0.4).
///
/// Times are absolute, in seconds since 1970: an alert then says `… - time() < 86400` and never depends on when the
/// file was written.
package enum MetricsText {
    /// All metrics of one document, each with its HELP and TYPE, in a fixed order.
    package static func render(_ status: StatusDocument) -> String {
        var text = ""
        for metric in metrics(of: status) where !metric.samples.isEmpty {
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) gauge\n"
            for sample in metric.samples { text += sample.line(of: metric.name) }
        }
        return text
    }

    private static func metrics(of status: StatusDocument) -> [Metric] {
        let profiles = status.profiles
        let problems =
            status.problems.map { Sample(["profile": "", "code": $0.code, "severity": $0.severity.rawValue], 1) }
            + profiles.flatMap { profile in
                profile.problems.map {
                    Sample(["profile": profile.name, "code": $0.code, "severity": $0.severity.rawValue], 1)
                }
            }
        return [
            Metric(
                "signet_agent_info", "The programs that wrote this, as labels.",
                [Sample(["version": status.agent.version, "openssl": status.agent.openssl], 1)]),
            Metric(
                "signet_status_written_timestamp_seconds", "When the agent wrote this.",
                [Sample([:], status.writtenAt.seconds)]),
            Metric(
                "signet_next_tick_timestamp_seconds", "When the timer starts the agent next.",
                [status.nextTick].compactMap { $0.map { Sample([:], $0.seconds) } }),
            Metric(
                "signet_certificate_not_before_timestamp_seconds", "When the current certificate begins to be valid.",
                profiles.compactMap { profile in
                    profile.identity.map { Sample(["profile": profile.name], $0.notBefore.seconds) }
                }),
            Metric(
                "signet_certificate_not_after_timestamp_seconds", "When the current certificate ends to be valid.",
                profiles.compactMap { profile in
                    profile.identity.map { Sample(["profile": profile.name], $0.notAfter.seconds) }
                }),
            Metric(
                "signet_next_certificate_not_after_timestamp_seconds",
                "When the certificate ends that takes the current one's place.",
                profiles.compactMap { profile in
                    profile.nextIdentity.map { Sample(["profile": profile.name], $0.notAfter.seconds) }
                }),
            Metric(
                "signet_profile_state", "1 for the state that the profile is in, as a label.",
                profiles.map { Sample(["profile": $0.name, "state": $0.state.rawValue], 1) }),
            Metric(
                "signet_device_tag", "1 for the value that the device tag has, 0 for each other.",
                profiles.flatMap { profile in
                    StatusDocument.Tag.values.map {
                        Sample(["profile": profile.name, "value": $0], $0 == profile.tag.value ? 1 : 0)
                    }
                }),
            Metric(
                "signet_next_action_timestamp_seconds", "When the agent does the next thing by itself.",
                profiles.compactMap { profile in
                    profile.next.map { Sample(["profile": profile.name, "action": $0.action], $0.at.seconds) }
                }),
            Metric(
                "signet_problem", "1 for each thing that is wrong; no profile where it is the whole agent's.", problems),
            Metric(
                "signet_outbox_waiting", "Reports that the management endpoint has not yet accepted.",
                [Sample([:], Int64(status.outbox.waiting))]),
            Metric(
                "signet_outbox_oldest_timestamp_seconds", "When the oldest of them was written.",
                [status.outbox.oldest].compactMap { $0.map { Sample([:], $0.seconds) } }),
            Metric(
                "signet_outbox_dropped", "Reports that were never accepted.",
                [Sample([:], Int64(status.outbox.dropped ?? 0))]),
        ]
    }

    private struct Metric {
        let name: String
        let help: String
        let samples: [Sample]

        init(_ name: String, _ help: String, _ samples: [Sample]) {
            self.name = name
            self.help = help
            self.samples = samples
        }
    }

    private struct Sample {
        let labels: KeyValuePairs<String, String>
        let value: Int64

        init(_ labels: KeyValuePairs<String, String>, _ value: Int64) {
            self.labels = labels
            self.value = value
        }

        func line(of name: String) -> String {
            let labels = self.labels.map { "\($0)=\"\(Sample.escaped($1))\"" }.joined(separator: ",")
            return labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
        }

        /// A label's value: backslash, quote and line end are written with a backslash.
        private static func escaped(_ text: String) -> String {
            text.unicodeScalars.map {
                switch $0 {
                case "\\": "\\\\"
                case "\"": "\\\""
                case "\n": "\\n"
                default: String($0)
                }
            }.joined()
        }
    }
}
