import Testing
import X509

@Suite struct DistinguishedNameTests {
    @Test func `the last part of the text comes first in the encoding`() throws {
        let name = try DistinguishedName(rfc4514: "CN=a,C=DE")
        #expect(
            name.der == [
                0x30, 0x19, 0x31, 0x0B, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x06, 0x13, 0x02, 0x44, 0x45,
                0x31, 0x0A, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x01, 0x61,
            ])
        #expect(name.description == "CN=a,C=DE")
    }

    /// The examples of RFC 4514 §4, as far as they use types that have names here.
    @Test(
        arguments: [
            ("UID=jsmith,DC=example,DC=net", "UID=jsmith,DC=example,DC=net"),
            ("OU=Sales+CN=J.  Smith,DC=example,DC=net", "OU=Sales+CN=J.  Smith,DC=example,DC=net"),
            (#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#, #"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#),
            (#"CN=Before\0dAfter,DC=example,DC=net"#, #"CN=Before\0DAfter,DC=example,DC=net"#),
            ("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"),
            (#"CN=Lu\C4\8Di\C4\87"#, "CN=Lučić"),
            ("cn = a , o=b+ou =c", "CN=a,O=b+OU=c"), ("E=a@example.org", "emailAddress=a@example.org"),
            (##"CN=\ \#a \20"##, ##"CN=\ #a \ "##), (##"CN=\#a"##, ##"CN=\#a"##), ("CN=a=b", #"CN=a\=b"#), ("", ""),
            ("2.5.4.3=a", "CN=a"), ("CN=a b  ", "CN=a b"),
            ("title=Dr,GN=A,SN=B,serialNumber=1", "title=Dr,GN=A,SN=B,serialNumber=1"),
            ("STREET=s,L=l,ST=st,OU=ou,O=o", "STREET=s,L=l,ST=st,OU=ou,O=o"),
        ] as [(String, String)])
    func `text is read and written`(text: String, written: String) throws {
        let name = try DistinguishedName(rfc4514: text)
        #expect(name.description == written)
        #expect(try DistinguishedName(rfc4514: name.description).der == name.der)
        #expect(try DistinguishedName(der: name.der) == name)
    }

    @Test(arguments: [
        "CN", "CN=", "CN=a,", ",CN=a", "CN=a,,O=b", "=a", "XX=a", "CN=a;O=b", "CN=\"a\"", "CN=a<", #"CN=a\"#, #"CN=\4"#,
        #"CN=\zz"#, #"CN=\FF"#, "C=D", "C=DEU", "C=1A", "DC=ä", "E=ä@b", "serialNumber=a_b", "1.2=", "3.1=a", "1.40=a",
        "1.2.3=#0", "1.2.3=#04", "1.2.3=#040241", "CN=#zz", "CN=a+", "1..2=a", "01.2=a", "CN=\u{0}", "1.2.3=#0400x",
        "CN=" + String(repeating: "a", count: 65),
    ])
    func `text that is no name is refused`(text: String) {
        #expect(code { () throws(X509Fault) in _ = try DistinguishedName(rfc4514: text) } != nil)
    }

    @Test func `too many parts and too much text are refused`() {
        let many = [String](repeating: "OU=a", count: 65)
        for text in [
            many.joined(separator: ","), many.joined(separator: "+"), String(repeating: "O=aa,", count: 2000) + "O=b",
        ] {
            #expect(code { () throws(X509Fault) in _ = try DistinguishedName(rfc4514: text) } == .invalidName)
        }
    }

    @Test func `string types are chosen as certificates want them`() throws {
        func tag(_ text: String) throws -> UInt8? {
            try DistinguishedName(rfc4514: text).relativeNames.first?.first?.value.first
        }
        #expect(try tag("CN=plain") == 0x13)
        #expect(try tag("CN=a@b") == 0x0C)
        #expect(try tag("CN=ä") == 0x0C)
        #expect(try tag("DC=example") == 0x16)
        #expect(try tag("E=a@example.org") == 0x16)
        #expect(try tag("C=DE") == 0x13)
    }

    @Test func `parts of a multi-valued name stand in DER order`() throws {
        #expect(try DistinguishedName(rfc4514: "OU=b+CN=a") == DistinguishedName(rfc4514: "CN=a+OU=b"))
    }

    @Test func `names match beyond case, string type and white space, and not beyond order`() throws {
        let asked = try DistinguishedName(rfc4514: "CN=Device  One,O=Example")
        let utf8 = DERWriter.sequence(.commonNameOID, DERWriter.string(.utf8String, " device one"))
        let organization = DERWriter.sequence(
            DERWriter.objectIdentifier(ObjectIdentifier(2, 5, 4, 10)), DERWriter.string(.t61String, "EXAMPLE"))
        let issued = try DistinguishedName(
            der: DERWriter.sequence(DERWriter.setOf([organization]), DERWriter.setOf([utf8])))
        #expect(asked != issued)
        #expect(asked.matches(issued) && issued.matches(asked))
        for other in ["O=Example,CN=Device One", "CN=Device One", "CN=Device One+O=Example", "CN=DeviceOne,O=Example"] {
            #expect(try !asked.matches(DistinguishedName(rfc4514: other)))
        }
        let octets = DERWriter.sequence(.commonNameOID, DERWriter.octetString(Array("Device One".utf8)))
        let binary = try DistinguishedName(der: DERWriter.sequence(DERWriter.setOf([octets])))
        #expect(try !binary.matches(DistinguishedName(rfc4514: "CN=Device One")))
    }

    @Test(arguments: ["\u{1B}[31m", "\u{9B}31m", "a\u{202E}b", "a\u{2028}b", "a\u{200B}b", "\u{FEFF}", "\u{7F}"])
    func `what cannot be seen in a name is shown, and means the same`(value: String) throws {
        let name = try DistinguishedName(
            der: DERWriter.sequence(
                DERWriter.setOf([
                    DERWriter.sequence(
                        DERWriter.objectIdentifier(ObjectIdentifier(2, 5, 4, 3)), DERWriter.string(.utf8String, value))
                ])))
        #expect(name.description.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) })
        #expect(try DistinguishedName(rfc4514: name.description).values(of: ObjectIdentifier(2, 5, 4, 3)) == [value])
    }

    @Test func `an escaped value stands for itself wherever it is put`() throws {
        for value in ["a,CN=b", " lead", "trail ", "#1", "a+b", "\"q\"", "a\\b", "<;>=", "tab\tline\n", "ä", " ", "  "]
        {
            let name = try DistinguishedName(rfc4514: "CN=\(DistinguishedName.escape(value)),O=x")
            #expect(name.values(of: .commonName) == [value])
            #expect(name.relativeNames.count == 2)
        }
    }

    @Test func `an encoding with an empty part or a stray element is refused`() {
        for der: [UInt8] in [[0x30, 0x02, 0x31, 0x00], [0x31, 0x00], [0x30, 0x02, 0x30, 0x00], [0x30, 0x00, 0x00]] {
            #expect(code { () throws(X509Fault) in _ = try DistinguishedName(der: der) } != nil)
        }
        #expect(code { () throws(X509Fault) in _ = try DistinguishedName(der: [0x30, 0x00]) } == nil)
    }
}

extension [UInt8] {
    fileprivate static var commonNameOID: [UInt8] { DERWriter.objectIdentifier(.commonName) }
}
