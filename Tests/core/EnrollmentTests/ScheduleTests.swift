import Enrollment
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Testing

@Suite struct ScheduleTests {
    /// From two minutes to ten years.
    static let lifetimes: [Double] = [
        120, 300, 600, hour, 6 * hour, day, 7 * day, 30 * day, 90 * day, 398 * day, 3 * 365 * day, 3652 * day,
    ]

    @Test(arguments: lifetimes)
    func `Renewal lies between its bounds, and later for a later place in the fleet`(lifetime: Double) {
        for (share, spread) in [(0.66, 0.1), (0.5, 0), (0.1, 0.5), (0.66, 0.9), (0.95, 0.1), (0.9, 0.1), (0, 1)] {
            var last = Date.distantPast
            for place in 0...1000 {
                let time = Schedule.renewal(
                    notBefore: at(0), notAfter: at(lifetime), at: share, spread: spread,
                    fraction: Double(place) / 1001)
                let latest = Schedule.latestRenewal(notBefore: at(0), notAfter: at(lifetime))
                let isRight =
                    time >= min(at(lifetime * share), latest) && time <= at(lifetime * (share + spread))
                    && time <= latest && time >= last
                #expect(isRight, "\(lifetime) s, place \(place), \(share) + \(spread): \(time)")
                guard isRight else { return }
                last = time
            }
        }
        #expect(Schedule.latestRenewal(notBefore: at(0), notAfter: at(lifetime)) == at(lifetime - lifetime / 10))
    }

    @Test func `A renewal that never leaves room would be found`() {
        let time = Schedule.renewal(notBefore: at(0), notAfter: at(100), at: 0.66, spread: 0.1, fraction: 0.5)
        #expect(abs(time.timeIntervalSince(at(71))) < 0.000_001)
    }

    @Test func `100,000 devices are spread flat over the fleet`() {
        let openSSL = OpenSSL()
        var bins = [Int](repeating: 0, count: 100)
        for device in 0..<100_000 {
            let id = "7d3f0c1e-\(device)"
            let place = Schedule.fraction(digest: openSSL.sha256(Array((id + "conditional-access").utf8)))
            guard (0..<1).contains(place) else {
                Issue.record("\(place) is no fraction")
                return
            }
            bins[Int(place * 100)] += 1
        }
        // Chi-square with 99 degrees of freedom: 149 is passed by one even distribution in a thousand.
        let chiSquare = bins.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
        #expect(chiSquare < 149)
        #expect(chiSquare > 50)
    }

    @Test func `Two profiles of one device have places of their own`() {
        let openSSL = OpenSSL()
        let places = ["a", "b", "c"].map { Schedule.fraction(digest: openSSL.sha256(Array(("device" + $0).utf8))) }
        #expect(Set(places).count == 3)
    }

    @Test func `A fraction is never one`() {
        #expect(Schedule.fraction(digest: [UInt8](repeating: 0xFF, count: 32)) < 1)
        #expect(Schedule.fraction(digest: [UInt8](repeating: 0, count: 32)) == 0)
        #expect(Schedule.fraction(digest: [0x80] + [UInt8](repeating: 0, count: 31)) == 0.5)
    }
}
