import Enrollment
import FoundationEssentials
import Testing

/// SplitMix64: the same walk on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Any sequence of events that the world can bring, and what must hold after each of them.
@Suite struct RandomWalkTests {
    @Test(arguments: 0..<16)
    func `The machine keeps its promises whatever happens`(block: Int) {
        for seed in block * 25..<(block + 1) * 25 {
            var walk = RandomWalk(seed: UInt64(seed))
            for _ in 0..<200 { walk.step() }
            #expect(walk.violations.isEmpty, "seed \(seed): \(walk.violations.prefix(3))")
        }
    }

    @Test func `The walks come everywhere`() {
        var seen: Set<String> = []
        for seed in 0..<200 {
            var walk = RandomWalk(seed: UInt64(seed))
            for _ in 0..<200 { walk.step() }
            seen.formUnion(walk.seen)
        }
        let places: Set<String> = [
            "prepare renewal-req", "prepare signed-pkcs-req", "prepare challenge", "send", "poll", "recovering",
            "pending", "publish", "discard", "refuse order", "spent", "revoked", "expired", "nothing planned",
            "generation 9", "single-use withheld", "publish what waited",
        ]
        #expect(places.subtracting(seen).isEmpty)
    }
}
