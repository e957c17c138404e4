import Faults
import FuzzTargets
import SCEP
import Testing
import X509

/// Replies that a server has made, damaged on their way in every place there is.
@Suite struct DamagedReplyTests {
    @Test(arguments: RecordedReply.allCases)
    func `a reply that ends at any byte, or goes on after its last, is refused (N-52)`(reply: RecordedReply) throws {
        let scene = try ReplyScene.shared.get()
        let body = try reply.encoded(scene)
        _ = try scene.verify(body)
        for count in body.indices {
            #expect(throws: SCEPFault.self, "after \(count) bytes") { try scene.verify(Array(body[..<count])) }
        }
        for more in [[0], [0, 0], body] {
            #expect(throws: SCEPFault.self) { try scene.verify(body + more) }
        }
    }

    @Test(arguments: RecordedReply.allCases)
    func `a reply with any one bit turned is refused, or says the same (N-30)`(reply: RecordedReply) throws {
        let scene = try ReplyScene.shared.get()
        var body = try reply.encoded(scene)
        let right = try scene.verify(body)
        var refused = 0
        for position in body.indices {
            for bit in 0..<8 {
                body[position] ^= 1 << bit
                let counting = CountingCryptography()
                do {
                    let verdict = try scene.verify(body, cryptography: counting)
                    #expect(verdict.0 == right.0 && verdict.1 == right.1, "bit \(bit) of byte \(position)")
                } catch {
                    #expect(error is SCEPFault, "bit \(bit) of byte \(position)")
                    refused += 1
                }
                // However it is damaged, it costs no more than a sound one.
                let isBounded = counting.signatures <= 1 && counting.envelopes <= 1 && counting.paths <= 1
                #expect(isBounded, "bit \(bit) of byte \(position)")
                body[position] ^= 1 << bit
            }
        }
        // Only the hints at the beginning, which nobody signs and nobody believes, can be others.
        #expect(refused > body.count * 8 - 64)
    }
}
