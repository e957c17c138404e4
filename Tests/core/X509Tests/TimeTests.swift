import FoundationEssentials
import Testing
import X509

@Suite struct TimeTests {
    private func seconds(_ tag: UInt8, _ text: String) throws -> Double {
        var outer = try cursor([tag, UInt8(text.utf8.count)] + text.utf8)
        return try outer.readTime().timeIntervalSince1970
    }

    /// Seconds as `date -u -d … +%s` prints them.
    @Test(
        arguments: [
            (0x17, "700101000000Z", 0), (0x17, "491231235959Z", 2_524_607_999), (0x17, "500101000000Z", -631_152_000),
            (0x18, "20000229120000Z", 951_825_600), (0x18, "19000301000000Z", -2_203_891_200),
            (0x18, "99991231235959Z", 253_402_300_799), (0x18, "20240301000000Z", 1_709_251_200),
        ] as [(UInt8, String, Double)])
    func `times are what the calendar says`(tag: UInt8, text: String, expected: Double) throws {
        #expect(try seconds(tag, text) == expected)
    }

    @Test(
        arguments: [
            (0x17, "7001010000Z"), (0x17, "700101000000+0100"), (0x17, "700101000000"), (0x17, "70010100000AZ"),
            (0x18, "20230229000000Z"), (0x18, "19000229000000Z"), (0x18, "20231301000000Z"), (0x18, "20230001000000Z"),
            (0x18, "20230100000000Z"), (0x18, "20230101240000Z"), (0x18, "20230101006000Z"), (0x18, "20230101000060Z"),
            (0x18, "20230101000000.5Z"), (0x18, "700101000000Z"), (0x13, "700101000000Z"), (0x17, ""),
        ] as [(UInt8, String)])
    func `times that do not exist or are written otherwise are refused`(tag: UInt8, text: String) {
        #expect(throws: X509Fault.self) { try seconds(tag, text) }
    }
}
