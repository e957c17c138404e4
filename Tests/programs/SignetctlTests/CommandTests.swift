import ControlProtocol
import FoundationEssentials
import LocalSocket
import Synchronization
import TestFiles
import Testing
import Varlink

@testable import signetctl

struct CommandTests {
    /// Answers as an agent with the sample's status; renewals take two steps.
    private let agent: LocalServer.Handler = { call, connection in
        do {
            switch try AgentRequest(call) {
            case .getStatus(let profile):
                guard let profile, !Samples.status.profiles.contains(where: { $0.name == profile }) else {
                    return try connection.reply(StatusReply(status: Samples.status))
                }
                try connection.reply(AgentError.noSuchProfile(profile).reply)
            case .renew("busy"), .enroll("busy"): try connection.reply(AgentError.busy(profile: "busy").reply)
            case .renew("wifi"), .enroll("wifi"):
                try connection.reply(ProgressReply(step: "requesting", at: Samples.noon), continues: true)
                try connection.reply(AgentError.failed(Samples.problem).reply)
            case .renew("access"), .enroll("access"):
                try connection.reply(ProgressReply(step: "requesting", at: Samples.noon), continues: true)
                try connection.reply(ProgressReply(step: "publishing", at: Samples.later(2)), continues: true)
                try connection.reply(ProgressReply(generation: 4))
            case .renew("pending"), .enroll("pending"):
                try connection.reply(ProgressReply(step: "pending", at: Samples.noon), continues: true)
                try connection.reply(ProgressReply(generation: nil))
            case .renew("slow"), .enroll("slow"):
                try connection.reply(ProgressReply(step: "requesting", at: Samples.noon), continues: true)
                await untilCancelled()
            case .renew(let profile), .enroll(let profile):
                try connection.reply(AgentError.noSuchProfile(profile).reply)
            case .sendReport:
                try connection.reply(SendReportReply(sent: 3, waiting: 2, problem: Samples.problem))
            case .probe(let url, let caIdentifier, _):
                try connection.reply(Samples.probe(url, usable: caIdentifier == nil))
            case .evaluateTag(let profile):
                let tags = Samples.status.profiles.filter { profile == nil || $0.name == profile }
                try connection.reply(TagsReply(tags: tags.map { .init(profile: $0.name, tag: $0.tag) }))
            }
        } catch let error as VarlinkError {
            try? connection.reply(error)
        } catch {
            // The caller has gone.
        }
    }

    @Test func `The status is the document, for people or as JSON`() async throws {
        try await withAgent(agent) { root in
            let text = await signetctl("status", "--root", root)
            #expect(text.status == .done && text.output.hasPrefix("laptop-7, serial number PF3XYZ\n"))
            let json = await signetctl("status", "wifi", "--json", "--root", root)
            #expect(json.status == .done)
            let document = try StatusDocument(json: Data(json.output.utf8))
            #expect(document == Samples.status)
            let unknown = await signetctl("status", "nobody", "--root", root)
            #expect(unknown.status == .failed)
            #expect(
                unknown.errors == """
                    signetctl: there is no profile 'nobody'
                    signetctl: hint: 'signetctl status' lists the profiles

                    """)
        }
    }

    @Test func `The tag's exit status is its verdict`() async throws {
        try await withAgent(agent) { root in
            let good = await signetctl("tag", "access", "--root", root)
            #expect(good.status == .done && good.output.hasPrefix("access: valid-client-certificate\n"))
            let both = await signetctl("tag", "--json", "--root", root)
            #expect(both.status == .failed && both.errors == "")
            let reply = try JSONDecoder().decode(TagsReply.self, from: Data(both.output.utf8))
            #expect(reply.tags.map(\.tag.value) == ["valid-client-certificate", "none"])
            let none = await signetctl("tag", "nobody", "--root", root)
            #expect(none.status == .failed && none.errors.contains("there is no profile that could be used"))
            #expect(none.errors.contains("'signetctl status'"))
        }
    }

    @Test func `Reports that still wait are a failure that says why`() async throws {
        try await withAgent(agent) { root in
            let waiting = await signetctl("report", "--root", root)
            #expect(waiting.status == .failed && waiting.output == "3 accepted, 2 waiting\n")
            #expect(waiting.errors.contains("[server-unreachable]\nsignetctl: hint: check scep.url"))
            let json = await signetctl("report", "--json", "--root", root)
            let reply = try JSONDecoder().decode(SendReportReply.self, from: Data(json.output.utf8))
            #expect(reply == SendReportReply(sent: 3, waiting: 2, problem: Samples.problem))
        }
        try await withAgent({ _, connection in try? connection.reply(SendReportReply(sent: 1, waiting: 0)) }) { root in
            let done = await signetctl("report", "--root", root)
            #expect(done.status == .done && done.output == "1 accepted, 0 waiting\n" && done.errors == "")
        }
        let refused = SendReportReply(sent: 0, waiting: 0, problem: Samples.problem)
        try await withAgent({ _, connection in try? connection.reply(refused) }) { root in
            let done = await signetctl("report", "--root", root)
            #expect(done.status == .failed && done.output == "0 accepted, 0 waiting\n")
            #expect(done.errors.contains("[server-unreachable]"))
        }
    }

    @Test func `A probe shows what was found, and prints the profile as it is to be pasted`() async throws {
        try await withAgent(agent) { root in
            let url = "http://pki.example.com/scep"
            let text = await signetctl("probe", url, "--root", root)
            #expect(text.status == .done && text.errors == "")
            #expect(
                text.output == """
                    server          http://pki.example.com/scep
                    capabilities    aes, sha-256
                    authenticated   by nothing: compare the fingerprints

                    CA              CN=Issuing CA,O=Example
                                    sha256:4f0a
                                    RSA 2048, until 2026-11-22 12:01 UTC (in 1 minute)
                                    requests are encrypted to it, it may sign replies

                    finding         it lists no POST [no-post]
                                    to do: see to it

                    # /etc/signet/profiles.d/NAME.toml
                    [scep]
                    url = "http://pki.example.com/scep"

                    """)
            let json = await signetctl("probe", url, "--json", "--root", root)
            let reply = try JSONDecoder().decode(ProbeReply.self, from: Data(json.output.utf8))
            #expect(reply == Samples.probe(url))
            let unusable = await signetctl("probe", url, "--ca-identifier", "x", "--root", root)
            #expect(unusable.status == .failed && unusable.errors.contains("hint: see the findings"))
        }
    }

    @Test(arguments: ["renew", "enroll"])
    func `Waiting shows the steps and ends with the exchange`(command: String) async throws {
        try await withAgent(agent) { root in
            let done = await signetctl(command, "access", "--wait", "--root", root)
            #expect(done.status == .done && done.errors == "")
            #expect(
                done.output == """
                    2026-11-22T12:00:00Z requesting
                    2026-11-22T12:00:02Z publishing
                    generation 4 is in place

                    """)
            let json = await signetctl(command, "access", "--wait", "--json", "--root", root)
            #expect(
                json.output == """
                    {"at":"2026-11-22T12:00:00Z","step":"requesting"}
                    {"at":"2026-11-22T12:00:02Z","step":"publishing"}
                    {"generation":4}

                    """)
            let failed = await signetctl(command, "wifi", "--wait", "--root", root)
            #expect(failed.status == .failed)
            #expect(failed.errors.contains("[server-unreachable]\nsignetctl: hint: check scep.url"))
            #expect(!failed.errors.contains("\u{1B}"))
            let pending = await signetctl(command, "pending", "--wait", "--root", root)
            #expect(pending.status == .pending && pending.output == "2026-11-22T12:00:00Z pending\n")
            let slow = await signetctl(command, "slow", "--wait", "--timeout", "1", "--root", root)
            #expect(slow.status == .pending)
            #expect(slow.errors.hasPrefix("signetctl: 'slow' is still under way after 1 seconds\n"))
        }
    }

    @Test func `What a process had not begun with when it stopped is ordered of the next one, once`() async throws {
        let calls = Mutex(0)
        let orders: LocalServer.Handler = { call, connection in
            let count = calls.withLock { calls in
                calls += 1
                return calls
            }
            let profile = if case .renew(let name)? = try? AgentRequest(call) { name } else { "" }
            if profile == "begun" {
                try? connection.reply(ProgressReply(step: "requesting", at: Samples.noon), continues: true)
            }
            if profile == "left", count > 1 { return (try? connection.reply(ProgressReply(generation: 2))) ?? () }
            try? connection.reply(AgentError.failed(.agentStopped).reply)
        }
        for (profile, asked, status) in [("left", 2, ExitStatus.done), ("begun", 1, .failed), ("ever", 2, .failed)] {
            calls.withLock { $0 = 0 }
            try await withAgent(orders) { root in
                let outcome = await signetctl("renew", profile, "--wait", "--root", root)
                #expect(outcome.status == status)
                #expect(outcome.errors.contains("[agent-stopped]") == (status == .failed))
            }
            #expect(calls.withLock { $0 } == asked)
        }
    }

    @Test func `Without waiting, the first step is enough`() async throws {
        try await withAgent(agent) { root in
            let started = await signetctl("renew", "slow", "--root", root)
            #expect(started.status == .done)
            #expect(started.output.hasSuffix("follow it with 'signetctl status slow --watch'\n"))
            #expect(await signetctl("renew", "nobody", "--root", root).status == .failed)
            #expect(await signetctl("renew", "busy", "--root", root).status == .pending)
        }
    }

    @Test func `No agent is unreachable, and where to look is said`() async throws {
        try await withScratchFolder { root in
            for arguments in [["status"], ["tag"], ["renew", "a"]] {
                let outcome = await signetctl(arguments[0], arguments.last == "a" ? "a" : "--json", "--root", root)
                #expect(outcome.status == .unreachable)
                #expect(outcome.errors.contains("signetctl: cannot reach the agent at \(root)/run/signet/"))
                #expect(outcome.errors.contains("signetctl: hint: "))
            }
            let long = root + String(repeating: "/x", count: 60)
            #expect(await signetctl("status", "--root", long).status == .wrongUsage)
        }
    }

    @Test func `An agent that refuses by its interface is not permitted`() async throws {
        try await withAgent({ _, connection in try? connection.reply(.permissionDenied) }) { root in
            #expect(await signetctl("renew", "access", "--root", root).status == .notPermitted)
        }
    }

    @Test func `An agent that hangs up or talks nonsense ends with a message`() async throws {
        try await withAgent({ _, _ in }) { root in
            #expect(await signetctl("status", "--root", root).status == .unreachable)
        }
        try await withAgent({ _, connection in try? connection.reply(["status": 5]) }) { root in
            let outcome = await signetctl("status", "--root", root)
            #expect(outcome.status == .failed && outcome.errors.hasPrefix("signetctl: read the parameters"))
        }
    }

    @Test(arguments: [
        ["sing"], ["renew"], ["status", "--loud"], ["renew", "a", "--timeout", "0"], ["renew", "a", "--timeout", "x"],
        ["status", "a", "b"],
    ])
    func `Wrong usage ends with 2, a message and a hint`(arguments: [String]) async {
        let outcome = await Self.run(arguments)
        #expect(outcome.status == .wrongUsage)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.dropFirst("signetctl: ".count).first?.isUppercase == false)
        #expect(lines.last?.hasPrefix("signetctl: hint: ") == true)
    }

    private static func run(_ words: [String]) async -> Outcome {
        switch words.count {
        case 1: await signetctl(words[0])
        case 2: await signetctl(words[0], words[1])
        case 3: await signetctl(words[0], words[1], words[2])
        default: await signetctl(words[0], words[1], words[2], words[3])
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `Completions know every command`(shell: String) async {
        let outcome = await signetctl("--generate-completion-script", shell)
        #expect(outcome.status == .done)
        for command in ["status", "renew", "enroll", "tag", "report", "config"] {
            #expect(outcome.output.contains(command), "\(command)")
        }
    }

    @Test func `Help goes to standard output`() async {
        let outcome = await signetctl("--help")
        #expect(outcome.status == .done && outcome.errors == "")
        #expect(outcome.output.contains("USAGE: signetctl <subcommand>"))
    }
}
