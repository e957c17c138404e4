import Faults
import Testing
import Varlink

struct MessageTests {
    private struct Ping: Codable, Equatable {
        let name: String
        let times: Int?
    }

    @Test func `A call reads back as it was made`() throws {
        let made = try Call("org.example.ping.Ping", Ping(name: "a/b", times: 3), more: true)
        #expect(
            String(decoding: made.bytes, as: UTF8.self)
                == #"{"method":"org.example.ping.Ping","more":true,"parameters":{"name":"a/b","times":3}}"#)
        let read = try Call(Frame(copying: made.bytes))
        #expect(read.method == "org.example.ping.Ping")
        #expect(read.interface == "org.example.ping")
        #expect(read.more && !read.oneway && !read.upgrade)
        #expect(try read.parameters() == Ping(name: "a/b", times: 3))
    }

    @Test func `Who takes no reply takes no several`() throws {
        let read = try Call(Frame(copying: Array(#"{"method":"a.B","more":true,"oneway":true}"#.utf8)))
        #expect(read.oneway && !read.more)
    }

    @Test(arguments: [
        #"{"method":"a.B"}"#, #"{"method":"a.B","parameters":null}"#, #"{"method":"a.B","parameters":{}}"#,
    ])
    func `Parameters that are absent, null or empty are the same`(text: String) throws {
        let call = try Call(Frame(text))
        #expect(try call.parameters() == NoParameters())
        #expect(throws: VarlinkError.invalidParameter("name")) { try call.parameters(as: Ping.self) }
    }

    @Test func `A parameter of the wrong type is named`() throws {
        let call = try Call(Frame(#"{"method":"a.B","parameters":{"name":"x","times":"three"}}"#))
        #expect(throws: VarlinkError.invalidParameter("times")) { try call.parameters(as: Ping.self) }
        let list = try Call(Frame(#"{"method":"a.B","parameters":[1]}"#))
        #expect(throws: VarlinkError.invalidParameter("parameters")) { try list.parameters(as: Ping.self) }
    }

    @Test(arguments: [
        "", "nonsense", "[]", "{}", #"{"method":7}"#, #"{"method":"a.B""#, #"{"method":"a.B"}}"#, #"{"method":"a.B"#,
        #"{"method":"a.B","more":"yes"}"#, "{\"method\":\"\u{01}\"}", #"{"method":"a.B\"#,
    ])
    func `What is no call is refused`(text: String) {
        #expect(throwsCode(.malformedFrame) { _ = try Call(Frame(text)) })
    }

    @Test func `Bytes that are no UTF-8 are refused`() {
        let bytes = Array(#"{"method":"a"#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)
        #expect(throwsCode(.malformedFrame) { _ = try Call(Frame(copying: bytes)) })
    }

    @Test func `Nesting is limited before anything is decoded`() throws {
        func nested(_ levels: Int) -> String {
            let inner = levels - 1
            let lists = String(repeating: "[", count: inner) + String(repeating: "]", count: inner)
            return #"{"method":"a.B","parameters":\#(lists)}"#
        }
        #expect(try Call(Frame(nested(64))).method == "a.B")
        #expect(throwsCode(.nestedTooDeep) { _ = try Call(Frame(nested(65))) })
        #expect(throwsCode(.nestedTooDeep) { _ = try Call(Frame(String(repeating: "[", count: 200_000))) })
        let quoted = String(repeating: "[", count: 1000)
        #expect(try Call(Frame(#"{"method":"a.B","parameters":{"name":"\"\#(quoted)"}}"#)).method == "a.B")
    }

    @Test func `A reply reads back as it was made`() throws {
        let made = try Reply(Ping(name: "x", times: nil), continues: true)
        let read = try Reply(Frame(copying: made.bytes))
        #expect(read.continues && read.error == nil)
        #expect(try read.parameters() == Ping(name: "x", times: nil))
        #expect(try read.parameters(as: JSONValue.self) == ["name": "x"])
    }

    @Test func `Reading the parameters of an error throws it`() throws {
        let made = try Reply(.methodNotFound("a.B"))
        #expect(
            String(decoding: made.bytes, as: UTF8.self)
                == #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"a.B"}}"#)
        let read = try Reply(Frame(copying: made.bytes))
        #expect(throws: VarlinkError.methodNotFound("a.B")) { try read.parameters(as: Ping.self) }
        let bare = try Reply(Frame(#"{"error":"org.example.Bad"}"#))
        #expect(throws: VarlinkError(name: "org.example.Bad")) { try bare.parameters(as: Ping.self) }
    }

    @Test func `A reply of another shape than expected is malformed`() throws {
        let reply = try Reply(Frame(#"{"parameters":{"name":5}}"#))
        #expect(throwsCode(.malformedFrame) { _ = try reply.parameters(as: Ping.self) })
    }

    @Test func `Every kind of JSON value survives`() throws {
        let text = #"{"a":[1,2.5,"x",null,true],"b":{"c":-9223372036854775808}}"#
        let reply = try Reply(Frame(#"{"parameters":\#(text)}"#))
        #expect(try reply.parameters(as: JSONValue.self).rendered() == text)
    }
}
