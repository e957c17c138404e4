import ControlProtocol
import Testing
import Varlink

struct AgentInterfaceTests {
    @Test(arguments: [
        AgentRequest.getStatus(profile: nil), .getStatus(profile: "a"), .renew(profile: "a"), .enroll(profile: "a"),
        .evaluateTag(profile: nil), .evaluateTag(profile: "b"), .sendReport,
    ])
    func `A request reads back from the call it makes`(request: AgentRequest) throws {
        let call = try Call(Frame(copying: request.call(more: true).bytes))
        #expect(try AgentRequest(call) == request)
        #expect(call.more)
        let service = Service(
            .init(vendor: "", product: "", version: "", url: ""), interfaces: [AgentInterface.interface])
        guard case .method(AgentInterface.name, _) = try service.route(call) else {
            Issue.record("the interface does not declare \(call.method)")
            return
        }
    }

    @Test func `Only what changes something needs the admin socket`() {
        #expect(AgentRequest.renew(profile: "a").needsAdmin && AgentRequest.enroll(profile: "a").needsAdmin)
        #expect(AgentRequest.sendReport.needsAdmin)
        #expect(!AgentRequest.getStatus(profile: nil).needsAdmin && !AgentRequest.evaluateTag(profile: nil).needsAdmin)
    }

    @Test func `A call without its profile is refused by the parameter's name`() throws {
        let call = try Call("io.signet.Agent.Renew")
        #expect(throws: VarlinkError.invalidParameter("profile")) { try AgentRequest(call) }
        let other = try Call("io.signet.Agent.Sing")
        #expect(throws: VarlinkError.methodNotFound("io.signet.Agent.Sing")) { try AgentRequest(other) }
    }

    @Test(arguments: [AgentError.noSuchProfile("a"), .busy(profile: "a"), .failed(Samples.problem)])
    func `An error reads back from its reply`(error: AgentError) throws {
        let reply = try Reply(Frame(copying: Reply(error.reply).bytes))
        #expect(throws: error.reply) { try reply.parameters(as: StatusReply.self) }
        #expect(AgentError(error.reply) == error)
    }

    @Test func `An error of somebody else is none of the agent's`() {
        #expect(AgentError(.permissionDenied) == nil)
        #expect(AgentError(VarlinkError(name: "io.signet.Agent.Failed", parameters: ["problem": "x"])) == nil)
    }

    @Test func `Replies read back as they were written`() throws {
        let step = ProgressReply(step: "requesting", at: Samples.noon, problem: Samples.problem)
        #expect(try Reply(Frame(copying: Reply(step, continues: true).bytes)).parameters() == step)
        let end = ProgressReply(generation: 4)
        #expect(String(decoding: try Reply(end).bytes, as: UTF8.self) == #"{"parameters":{"generation":4}}"#)
        let tags = TagsReply(tags: [.init(profile: "a", tag: Samples.full.profiles[0].tag)])
        #expect(try Reply(Frame(copying: Reply(tags).bytes)).parameters() == tags)
    }

    @Test(arguments: [AgentInterface.interface, InstallerInterface.interface])
    func `A description declares its name, and every type that it uses`(interface: Interface) {
        let words = interface.description.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: " ")
            .split { !($0.isLetter || $0 == "." || $0 == "_") }.map { String($0) }
        #expect(Array(words.prefix(2)) == ["interface", interface.name])
        let declared = Set(
            zip(words, words.dropFirst()).filter { ["type", "method", "error"].contains($0.0) }.map(\.1))
        let used = Set(words.filter { $0.first?.isUppercase == true })
        #expect(used.isSubset(of: declared))
    }
}
