import ControlProtocol
import Faults
import Varlink

enum VarlinkTarget {
    private static let service = Service(
        Service.Info(vendor: "Signet", product: "fuzz", version: "1", url: "https://example.com"),
        interfaces: [AgentInterface.interface, InstallerInterface.interface])

    static func run(_ bytes: [UInt8]) throws -> Bool {
        guard let first = bytes.first else { return false }
        let stream = Array(bytes.dropFirst())
        let whole = read([stream])
        let size = Int(first) + 1
        let starts = stride(from: 0, to: stream.count, by: size)
        let pieces = read(starts.map { Array(stream[$0..<min($0 + size, stream.count)]) })
        // However the stream is cut, the same messages come; where it cannot be read on, one piece has none of them.
        try hold(whole.hasFailed == pieces.hasFailed, "pieces of \(size) are read to another end")
        let isSame = whole.hasFailed || whole.frames.map(\.content) == pieces.frames.map(\.content)
        try hold(isSame, "pieces of \(size) make other messages")
        var isTaken = false
        for frame in pieces.frames {
            if try typed({ try take(frame) }) { isTaken = true }
            _ = try typed {
                let reply = try Reply(frame)
                // One kind an input, since each decodes all of the text.
                switch first % 5 {
                case 0: _ = try reply.parameters(as: StatusReply.self)
                case 1: _ = try reply.parameters(as: ProgressReply.self)
                case 2: _ = try reply.parameters(as: PublishReply.self)
                case 3: _ = try reply.parameters(as: DeviceFactsReply.self)
                default: _ = try reply.parameters(as: JSONValue.self)
                }
                return true
            }
        }
        return isTaken
    }

    /// As a server reads: messages until one after which the stream cannot be read on.
    private static func read(_ pieces: [[UInt8]]) -> (frames: [Frame], hasFailed: Bool) {
        var reader = FrameReader(limit: 4096)
        var frames: [Frame] = []
        do {
            for piece in pieces { frames += try reader.append(piece) }
            return (frames, false)
        } catch {
            return (frames, true)
        }
    }

    private static func take(_ frame: Frame) throws -> Bool {
        let copy = Frame(copying: frame.content)
        let secret = try copy.takeSecret(parameter: InstallerInterface.keyParameter)
        let call = try Call(copy, secret: secret)
        if secret != nil, let parameters = try? call.parameters(as: JSONValue.self) {
            // What is kept out of the text cannot be found by anybody who decodes it.
            let left = parameters[InstallerInterface.keyParameter]
            try hold(left == .string(""), "a secret was taken, and \(left.map { "\($0)" } ?? "nothing") is left")
        }
        switch try service.route(call) {
        case .reply(let reply):
            try hold(!reply.bytes.contains(0), "a reply holds a NUL")
        case .method(AgentInterface.name, _): _ = try AgentRequest(call)
        case .method: _ = try InstallerRequest(call)
        }
        return true
    }

    /// Whatever cannot be taken is refused with an error of the protocol.
    private static func typed(_ body: () throws -> Bool) throws -> Bool {
        do {
            return try body()
        } catch let fault as VarlinkFault {
            try holdPrintable("\(fault)")
        } catch let error as VarlinkError {
            try hold(!(try Reply(error)).bytes.contains(0), "a reply holds a NUL")
        }
        return false
    }

    static let examples: [(name: String, bytes: [UInt8])] = [
        ("status", #"{"method":"io.signet.Agent.GetStatus","parameters":{"profile":"access"},"more":true}"#),
        ("renew", #"{"method":"io.signet.Agent.Renew","parameters":{"profile":"access"}}"#),
        ("tag", #"{"parameters":{},"method":"io.signet.Agent.EvaluateTag","oneway":false}"#),
        ("info", #"{"method":"org.varlink.service.GetInfo","upgrade":false}"#),
        (
            "description",
            #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.signet.Agent"}}"#
        ),
        (
            "publish",
            #"{"method":"io.signet.Installer.Publish","parameters":{"key":"aHVzaA==","profile":"access","#
                + #""generation":1,"certificate":"MAA=","chain":["MAA="],"discard_previous":true}}"#
        ),
        ("withdraw", #"{"method":"io.signet.Installer.Withdraw","parameters":{"profile":"\u0061ccess"}}"#),
    ].map { ($0, [7] + Array($1.utf8) + [0]) }
}

extension Frame {
    fileprivate var content: [UInt8] { withBytes { Array($0) } }
}
