import Faults
import Testing
import Varlink

struct ServiceTests {
    private static let description = """
        # method Commented() -> ()
        interface org.example.ping
        type Thing (method: string)
        # Says it back. (method Quoted)
        method Ping(ping: string) -> (pong: string)
        method Watch() -> (
          method: string
        )
        error Lost (reason: string)
        """
    private let service = Service(
        Service.Info(vendor: "Example", product: "Pinger", version: "1.2", url: "https://example.com"),
        interfaces: [Interface(name: "org.example.ping", description: ServiceTests.description)])

    private func answer(_ text: String) throws -> JSONValue {
        guard case .reply(let reply) = try service.route(Call(Frame(text))) else { return .null }
        return try reply.parameters()
    }

    @Test func `Only declared methods are found in a description`() {
        let interface = Interface(name: "org.example.ping", description: ServiceTests.description)
        #expect(interface.methods == ["Ping", "Watch"])
    }

    @Test func `GetInfo names the service and all its interfaces`() throws {
        #expect(
            try answer(#"{"method":"org.varlink.service.GetInfo"}"#).rendered()
                == #"{"interfaces":["org.varlink.service","org.example.ping"],"product":"Pinger","url":"https://example.com","vendor":"Example","version":"1.2"}"#
        )
    }

    @Test func `GetInterfaceDescription answers with the text`() throws {
        let answer = try answer(
            #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.example.ping"}}"#)
        #expect(answer == ["description": .string(ServiceTests.description)])
    }

    @Test func `The introspection interface describes itself`() throws {
        let answer = try answer(
            #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.varlink.service"}}"#
        )
        let text = try #require(answer["description"]?.text)
        #expect(
            Interface(name: "org.varlink.service", description: text).methods == [
                "GetInfo", "GetInterfaceDescription",
            ])
    }

    @Test func `A method of the interface is routed to`() throws {
        guard case .method(let interface, let name) = try service.route(Call("org.example.ping.Ping")) else {
            Issue.record("not routed")
            return
        }
        #expect(interface == "org.example.ping" && name == "Ping")
    }

    @Test func `What the service lacks is refused with the standard errors`() throws {
        func refusal(_ text: String) throws -> VarlinkError? {
            do {
                _ = try service.route(Call(Frame(text)))
                return nil
            } catch let error as VarlinkError {
                return error
            }
        }
        #expect(try refusal(#"{"method":"org.example.ping.Thing"}"#) == .methodNotFound("org.example.ping.Thing"))
        #expect(try refusal(#"{"method":"org.example.pong.Ping"}"#) == .interfaceNotFound("org.example.pong"))
        #expect(try refusal(#"{"method":"Ping"}"#) == .interfaceNotFound(""))
        #expect(try refusal(#"{"method":""}"#) == .interfaceNotFound(""))
        #expect(try refusal(#"{"method":"."}"#) == .interfaceNotFound(""))
        #expect(try refusal(#"{"method":"org.varlink.service.Get"}"#) == .methodNotFound("org.varlink.service.Get"))
        #expect(
            try refusal(#"{"method":"org.example.ping.Ping","upgrade":true}"#)
                == .methodNotImplemented("org.example.ping.Ping"))
        let describe = "org.varlink.service.GetInterfaceDescription"
        #expect(try refusal(#"{"method":"\#(describe)"}"#) == .invalidParameter("interface"))
        #expect(
            try refusal(#"{"method":"\#(describe)","parameters":{"interface":"a.b"}}"#) == .interfaceNotFound("a.b"))
    }
}
