import SCEP
import TestPKI
import Testing
import X509

@Suite struct CMSHostileBytesTests {
    private static func samples() throws -> [(name: String, bytes: [UInt8])] {
        let root = try CertificateOrder.authority().issue()
        let device = try CertificateOrder("CN=device", key: .device, issuer: root).issue()
        let message = TestMessage(
            [1, 2, 3], signer: device,
            attributes: [.printable("2.16.840.1.113733.1.9.2", "3"), .octets("2.16.840.1.113733.1.9.6", [1])])
        let envelope = TestEnvelope([1, 2, 3], for: device.certificate)
        return [
            ("message", try message.encoded()),
            ("streamed message", try message.with { $0.isStreamed = true }.encoded()),
            ("envelope", try envelope.encoded()),
            ("streamed envelope", try envelope.with { $0.isStreamed = true }.encoded()),
            ("bundle", try TestMessage.degenerate([device.certificate, root.certificate])),
        ]
    }

    private func admits(_ name: String, _ bytes: [UInt8]) -> Bool {
        if name.hasSuffix("message") { return (try? CMSSignedMessage.admit(bytes)) != nil }
        if name.hasSuffix("envelope") { return (try? CMSEnvelope.admit(bytes)) != nil }
        return (try? CMSCertificateBundle.admit(bytes)) != nil
    }

    @Test func `a structure cut anywhere, or followed by anything, is refused`() throws {
        for (name, bytes) in try Self.samples() {
            #expect(admits(name, bytes))
            for count in bytes.indices where admits(name, Array(bytes[..<count])) {
                Issue.record("\(name) of \(count) bytes was admitted")
            }
            #expect(!admits(name, bytes + [0]))
            #expect(!admits(name, bytes + [0, 0]))
            #expect(!admits(name, bytes + bytes))
        }
    }

    @Test func `any octet changed to any of many values is admitted or refused and nothing else`() throws {
        for (name, bytes) in try Self.samples() {
            var refused = 0
            for index in stride(from: 0, to: bytes.count, by: 2) {
                for value: UInt8 in [0x00, 0x24, 0x80, 0x84, 0xFF] {
                    var changed = bytes
                    changed[index] = value
                    if !admits(name, changed) { refused += 1 }
                }
            }
            #expect(refused > 50)
        }
    }

    @Test func `lengths and nesting beyond measure are refused`() {
        let nested = [[UInt8]](repeating: [0x30, 0x80], count: 20_000).flatMap { $0 }
        let segments = [[UInt8]](repeating: [0x24, 0x80], count: 20_000).flatMap { $0 }
        let long: [UInt8] = [0x30, 0x84, 0x80, 0x00, 0x00, 0x00]
        let longest: [UInt8] = [0x30, 0x88] + [UInt8](repeating: 0xFF, count: 8)
        for bytes in [nested, long, longest] {
            #expect(refusal(try CMSSignedMessage.admit(bytes)) == .malformed)
            #expect(refusal(try CMSEnvelope.admit(bytes)) == .malformed)
            #expect(refusal(try CMSCertificateBundle.admit(bytes)) == .malformed)
        }
        #expect(refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.eContent = segments })) == .malformed)
    }
}
