import Installation
import Testing

/// What anybody can see of a publication tells whether its files belong together.
struct PublishedSightTests {
    private static func file(_ mode: UInt32, _ content: [UInt8], owner: UInt32 = 0) -> PublishedSight.File {
        PublishedSight.File(
            owner: owner, mode: mode, size: content.count, content: mode & 0o004 == 0 ? nil : content)
    }

    private func isWhole(_ change: (inout [String: PublishedSight.File]) -> Void) throws -> Bool {
        var files = [
            "cert": Self.file(0o644, [1]), "chain": Self.file(0o644, [2]), "fullchain": Self.file(0o644, [1, 2]),
            "key": Self.file(0o600, [3, 3, 3]), "combined": Self.file(0o600, [3, 3, 3, 1, 2]),
        ]
        change(&files)
        return PublishedSight(
            certificate: try #require(files["cert"]), chain: try #require(files["chain"]),
            fullChain: try #require(files["fullchain"]), key: try #require(files["key"]),
            combined: try #require(files["combined"])
        ).isWhole
    }

    @Test func `whole files do, for their owner or for a group`() throws {
        #expect(try isWhole { _ in })
        #expect(
            try isWhole {
                $0["key"] = Self.file(0o640, [3, 3, 3])
                $0["combined"] = Self.file(0o640, [3, 3, 3, 1, 2])
            })
        #expect(
            try isWhole {
                $0["chain"] = Self.file(0o644, [])
                $0["fullchain"] = Self.file(0o644, [1])
                $0["combined"] = Self.file(0o600, [3, 3, 3, 1])
            })
    }

    @Test(arguments: ["cert", "chain", "fullchain", "key", "combined"])
    func `another length, owner or mode of any is seen`(name: String) throws {
        for mode: UInt32 in [0, 0o600, 0o644, 0o666] {
            let isOwn = (mode == 0o600) == ["key", "combined"].contains(name) && mode & 0o022 == 0 && mode != 0
            if !isOwn { #expect(try !isWhole { $0[name] = Self.file(mode, [3, 3, 3]) }, "\(mode)") }
        }
        let own: UInt32 = ["key", "combined"].contains(name) ? 0o600 : 0o644
        #expect(try !isWhole { $0[name] = Self.file(own, []) })
        #expect(try !isWhole { $0[name] = Self.file(own, [UInt8](repeating: 3, count: 9)) })
        #expect(try !isWhole { $0[name] = Self.file(own, [1], owner: 1) })
    }
}
