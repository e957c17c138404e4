import Testing
import X509

@Suite struct ObjectIdentifierTests {
    @Test(arguments: [
        "1.2.840.113549.1.1.11", "2.16.840.1.113733.1.9.2", "0.9.2342.19200300.100.1.25", "2.999.1", "1.3",
    ])
    func `dotted text is read and written`(text: String) throws {
        #expect(try #require(ObjectIdentifier(dotted: text)).description == text)
    }

    @Test func `octets are those of X.690`() {
        #expect(ObjectIdentifier(1, 2, 840, 113549).content == [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D])
        #expect(ObjectIdentifier(dotted: "2.999.3")?.content == [0x88, 0x37, 0x03])
    }

    @Test func `arcs of 128 bits print in full`() {
        let uuid = ObjectIdentifier(content: [0x69, 0x83] + [UInt8](repeating: 0xFF, count: 17) + [0x7F])
        #expect(uuid.description == "2.25.340282366920938463463374607431768211455")
    }

    @Test func `octets that are no identifier print as hexadecimal`() {
        #expect(ObjectIdentifier(content: [0x2A, 0x86]).description == "0x2A86")
        #expect(ObjectIdentifier(content: []).description == "0x")
    }

    @Test(arguments: ["", "1", "1.", ".1", "1.40", "3.1", "1.2.x", "1.02", "1.2.99999999999999999999", "2.-1", "+1.2"])
    func `text that is no identifier is refused`(text: String) {
        #expect(ObjectIdentifier(dotted: text) == nil)
    }
}
