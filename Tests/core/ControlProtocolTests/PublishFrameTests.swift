import ControlProtocol
import Secrets
import Testing
import Varlink

struct PublishFrameTests {
    private let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQ+/==\n-----END PRIVATE KEY-----\n"
    private let parameters = PublishParameters(
        profile: #"a","key":"bm8=","#, generation: 7, certificate: [0x30, 0x03, 0xFF, 0xFE, 0xFD],
        chain: [[0x30, 0x00], [0x30, 0x01, 0x00]])

    private func secret(_ text: String) -> Secret {
        Array(text.utf8).withUnsafeBytes { Secret(copying: $0) }
    }

    private func frame(_ secret: Secret) -> Frame {
        Frame(copying: secret.withBytes { Array($0) })
    }

    @Test(arguments: ["", "k", "ke", "key", "a longer one, with \u{0} and \" and \\ in it"])
    func `Key and parameters come back as they went`(key: String) throws {
        let frame = frame(try PublishFrame.encode(parameters, key: secret(key)))
        let taken = try #require(try frame.takeSecret(parameter: InstallerInterface.keyParameter))
        #expect(taken.withBytes { Array($0) } == Array(key.utf8))
        let call = try Call(frame, secret: taken)
        guard case .publish(let read, let readKey) = try InstallerRequest(call) else {
            Issue.record("another request")
            return
        }
        #expect(read == parameters)
        #expect(readKey === taken)
    }

    @Test func `Nothing of the key is left in the message`() throws {
        let frame = frame(try PublishFrame.encode(parameters, key: secret(pem)))
        let whole = frame.withBytes { Array($0) }
        let encoded = secretText(pem)
        #expect(String(decoding: whole, as: UTF8.self).contains(encoded))
        _ = try frame.takeSecret(parameter: InstallerInterface.keyParameter)
        #expect(frame.count == whole.count - encoded.utf8.count)
        #expect(!String(decoding: frame.withBytes { Array($0) }, as: UTF8.self).contains(encoded.prefix(8)))
    }

    private func secretText(_ text: String) -> String {
        let encoded = Secret(capacity: Base64.encodedCount(text.utf8.count)) { target in
            Array(text.utf8).withUnsafeBytes { Base64.encode($0, to: target) }
        }
        return encoded.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `The message is plain JSON to anybody else`() throws {
        let frame = frame(try PublishFrame.encode(parameters, key: secret("key")))
        let call = try Call(frame)
        let value = try call.parameters(as: JSONValue.self)
        #expect(value["key"] == "a2V5" && value["profile"] == .string(parameters.profile))
        #expect(value["certificate"] == "MAP//v0=")
    }

    @Test func `A call whose key was not taken apart is refused`() throws {
        let call = try Call(frame(try PublishFrame.encode(parameters, key: secret("key"))))
        #expect(throws: VarlinkError.invalidParameter("key")) { try InstallerRequest(call) }
    }

    @Test func `A certificate that is not base64 is refused`() throws {
        let text =
            #"{"method":"io.signet.Installer.Publish","parameters":{"key":"bm8=","profile":"a","generation":1,"certificate":"*","chain":[]}}"#
        let frame = Frame(copying: Array(text.utf8))
        let key = try frame.takeSecret(parameter: InstallerInterface.keyParameter)
        #expect(throws: VarlinkError.invalidParameter("certificate")) {
            try InstallerRequest(Call(frame, secret: key))
        }
    }

    @Test func `The other requests read back from their messages`() throws {
        guard
            case .withdraw("a-b") = try InstallerRequest(Call(frame(InstallerRequest.withdraw(profile: "a-b").frame()))),
            case .getDeviceFacts = try InstallerRequest(Call(frame(InstallerRequest.getDeviceFacts.frame())))
        else {
            Issue.record("another request")
            return
        }
    }

    @Test func `A refusal reads back from its reply`() {
        let refusal = InstallerRefusal(code: "key-mismatch", text: "The key is another's.")
        #expect(InstallerRefusal(refusal.reply) == refusal)
        #expect(InstallerRefusal(.permissionDenied) == nil)
    }
}
