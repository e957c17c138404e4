import SCEP
import Testing

@Suite struct CapabilitiesTests {
    private func read(_ text: String) -> Capabilities { Capabilities(body: Array(text.utf8)) }

    @Test(arguments: ["AES\nPOSTPKIOperation\nRenewal\nSHA-256", "aes\r\npostPKIoperation\r\nRENEWAL\r\nsha-256\r\n"])
    func `Keywords are read whatever their case and their line ends (N-04)`(text: String) {
        let capabilities = read(text)
        #expect(capabilities.offersAES)
        #expect(capabilities.offersPost)
        #expect(capabilities.offersSHA256)
        #expect(!capabilities.isStandard)
    }

    @Test func `Lone carriage returns, blanks at the ends, a byte order mark and repeated lines do no harm`() {
        let capabilities = read("\u{FEFF}AES \r\tPOSTPKIOperation\t\rAES\r\n\n\nExample.com-Foo\nUpdate\n")
        #expect(capabilities.keywords == ["aes", "postpkioperation", "example.com-foo", "update"])
    }

    @Test(arguments: [
        "NoAES", "AESGCM", "XPOSTPKIOperation", "POSTPKIOperationX", "Reversal", "POST PKI Operation", "A E S", "\n\n",
        "", "AES\0", "A\u{200B}ES",
    ])
    func `A keyword is a whole line (N-03)`(text: String) {
        let capabilities = read(text)
        #expect(!capabilities.offersAES)
        #expect(!capabilities.offersPost)
        #expect(!capabilities.isStandard)
    }

    @Test func `SCEPStandard implies the rest`() {
        let capabilities = read("SCEPStandard")
        #expect(capabilities.offersAES && capabilities.offersPost && capabilities.offersSHA256)
    }

    @Test func `A page is no list of keywords, whatever words stand in it (N-06)`() {
        for start in ["", "\u{FEFF}", "\r\n \t"] {
            let page = "<html>\n<body>POSTPKIOperation</body>\nAES\n<SHA-256>\nRenewal\n</html>"
            #expect(read(start + page).keywords.isEmpty)
        }
    }

    @Test func `Lines beyond the limits are left out`() {
        let long = String(repeating: "x", count: 65)
        #expect(read("AES\n\(long)\nRenewal").keywords == ["aes", "renewal"])
        #expect(read((0..<1000).map { "K\($0)" }.joined(separator: "\n")).keywords.count == 64)
        #expect(Capabilities(body: [0xFF, 0xFE, 0x0A, 0x41, 0x45, 0x53]).offersAES)
    }
}
