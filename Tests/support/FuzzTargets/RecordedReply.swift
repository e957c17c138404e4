import SCEP
import TestPKI
import X509

/// Whole replies as servers send them, each to the one request of `ReplyScene`.
package enum RecordedReply: String, CaseIterable, Sendable {
    case success, streamed, pending, failure

    package func encoded(_ scene: ReplyScene) throws -> [UInt8] {
        let arc = "2.16.840.1.113733.1.9."
        var attributes: [TestAttribute] = [
            .printable(arc + "2", MessageType.certRep.rawValue), .printable(arc + "3", status.rawValue),
            .printable(arc + "7", scene.transaction.description), .octets(arc + "6", scene.nonce),
        ]
        if self == .failure {
            attributes += [
                .printable(arc + "4", FailInfo.badRequest.rawValue),
                TestAttribute("1.3.6.1.5.5.7.24.1", type: 12, value: Array("no such profile".utf8)),
            ]
        }
        let content =
            try status == .success
            ? TestEnvelope(try TestMessage.degenerate([scene.issued]), for: scene.signer.certificate).encoded() : nil
        return try TestMessage(content, signer: scene.registration, attributes: attributes).with {
            // Nobody looks at what certificates come along.
            $0.embedsSigners = false
            $0.isStreamed = self == .streamed
        }.encoded()
    }

    private var status: PKIStatus {
        switch self {
        case .success, .streamed: .success
        case .pending: .pending
        case .failure: .failure
        }
    }
}
