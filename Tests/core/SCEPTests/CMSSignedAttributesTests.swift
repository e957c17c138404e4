import SCEP
import Testing
import X509

@Suite struct CMSSignedAttributesTests {
    private static let texts = [
        AttributeType.messageType, AttributeType.pkiStatus, AttributeType.failInfo, AttributeType.transactionID,
    ]
    private static let nonces = [AttributeType.senderNonce, AttributeType.recipientNonce]

    private func printable(_ text: String) -> [UInt8] { DERWriter.string(.printableString, text) }

    @Test func `attributes may come in any order, and unknown ones pass`() throws {
        let unknown = CMSForgery.attribute(ObjectIdentifier(1, 2, 3), [5, 0], [5, 0])
        let bytes = CMSForgery.with {
            $0.attributes = [
                CMSForgery.attribute(AttributeType.transactionID, printable("x")), unknown, unknown,
                CMSForgery.required[1], CMSForgery.attribute(AttributeType.pkiStatus, printable("3")),
                CMSForgery.required[0],
            ]
        }
        let message = try CMSSignedMessage.admit(bytes)
        #expect(message.transactionID == "x" && message.pkiStatus == "3")
        #expect(message.messageType == nil && message.failInfo == nil && message.failInfoText == nil)
        #expect(message.senderNonce == nil && message.recipientNonce == nil)
    }

    @Test(arguments: texts)
    func `text has to be one PrintableString`(type: ObjectIdentifier) {
        let three = printable("3")
        func refusal(_ values: [UInt8]...) -> CMSFaultCode? {
            SCEPTests.refusal(
                try CMSSignedMessage.admit(
                    CMSForgery.with(
                        attributes: DERWriter.sequence(
                            DERWriter.objectIdentifier(type), DERWriter.element(.set, values.flatMap { $0 })))))
        }
        #expect(refusal(three) == nil)
        #expect(refusal(printable("")) == nil)
        #expect(refusal() == .attributeValue)
        #expect(refusal(three, three) == .attributeValue)
        for tag in [DERTag.utf8String, .ia5String, .octetString, .t61String] {
            #expect(refusal(DERWriter.string(tag, "3")) == .attributeValue)
        }
        #expect(refusal(DERWriter.integer(3)) == .attributeValue)
        #expect(refusal(printable("3\u{0}")) == .attributeValue)
        #expect(refusal(printable("\n3")) == .attributeValue)
        #expect(refusal(printable("ä")) == .attributeValue)
        #expect(refusal(printable(String(repeating: "3", count: 257))) == .attributeValue)
    }

    @Test(arguments: nonces)
    func `a nonce has to be one OCTET STRING`(type: ObjectIdentifier) {
        let nonce = DERWriter.octetString([1, 2])
        func refusal(_ attribute: [UInt8]) -> CMSFaultCode? {
            SCEPTests.refusal(try CMSSignedMessage.admit(CMSForgery.with(attributes: attribute)))
        }
        #expect(refusal(CMSForgery.attribute(type, nonce)) == nil)
        #expect(refusal(CMSForgery.attribute(type, [0x24, 0x80, 0x04, 0x01, 0x01, 0, 0])) == nil)
        #expect(refusal(CMSForgery.attribute(type)) == .attributeValue)
        #expect(refusal(CMSForgery.attribute(type, nonce, nonce)) == .attributeValue)
        #expect(refusal(CMSForgery.attribute(type, printable("ab"))) == .attributeValue)
    }

    @Test(arguments: texts + nonces + [CMSForgery.contentType, CMSForgery.messageDigest])
    func `no attribute stands twice`(type: ObjectIdentifier) {
        let value: [UInt8] =
            switch type {
            case CMSForgery.contentType: DERWriter.objectIdentifier(CMSForgery.data)
            case CMSForgery.messageDigest: DERWriter.octetString([UInt8](repeating: 9, count: 32))
            case AttributeType.senderNonce, AttributeType.recipientNonce: DERWriter.octetString([1])
            default: printable("3")
            }
        let attribute = CMSForgery.attribute(type, value)
        #expect(
            refusal(try CMSSignedMessage.admit(CMSForgery.with(attributes: attribute, attribute))) == .repeatedAttribute
        )
    }

    @Test func `contentType and messageDigest have to be there and right`() {
        func refusal(_ attributes: [[UInt8]]?) -> CMSFaultCode? {
            SCEPTests.refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.attributes = attributes }))
        }
        #expect(refusal(nil) == .missingAttribute)
        #expect(refusal([]) == .missingAttribute)
        #expect(refusal([CMSForgery.required[0]]) == .missingAttribute)
        #expect(refusal([CMSForgery.required[1]]) == .missingAttribute)
        let short = CMSForgery.attribute(CMSForgery.messageDigest, DERWriter.octetString([1]))
        #expect(refusal([CMSForgery.required[0], short]) == .attributeValue)
    }

    @Test func `a flood of attributes is refused`() {
        let flood = (0..<100).map { CMSForgery.attribute(ObjectIdentifier(1, 2, $0), [5, 0]) }
        #expect(refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.attributes = flood })) == .malformed)
    }

    @Test func `failInfoText is cut and cleaned for people to read`() throws {
        func text(_ octets: [UInt8], _ tag: DERTag = .utf8String) throws -> String? {
            let attribute = CMSForgery.attribute(AttributeType.failInfoText, DERWriter.element(tag, octets))
            return try CMSSignedMessage.admit(CMSForgery.with(attributes: attribute)).failInfoText
        }
        #expect(try text(Array("no: ä".utf8)) == "no: ä")
        #expect(try text(Array("a\n\u{1B}[31mb\u{202E}c\u{0}".utf8)) == "a  [31mb c ")
        #expect(try text([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
        #expect(try text(Array(repeating: 0x61, count: 500_000)) == String(repeating: "a", count: 200))
        #expect(try text(Array("old".utf8), .printableString) == "old")
        // A signed refusal is one, whatever its words are written in.
        #expect(try text([0x00, 0x6E, 0x20, 0xAC, 0x00, 0x0A], .bmpString) == "n€ ")
        #expect(try text(Array(repeating: 0x61, count: 500_000), .bmpString)?.unicodeScalars.count == 200)
        #expect(try text([1], .integer) == nil)
        #expect(try text([1], .bmpString) == nil)
    }
}
