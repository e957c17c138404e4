import Faults

extension Authority {
    /// Whether this machine's clock can be right. With a wrong one a challenge would be spent on a certificate that seems
    /// to have ended, or shown for an identity that only seems to have. Throws `ExchangeFailure`.
    ///
    /// What the server says of its clock is not authenticated: it keeps something back, and lets nothing through.
    package func requireCredibleClock() throws {
        guard let clockDifference, abs(clockDifference) > ExchangeLimits.clockTolerance else { return }
        let hours = Int(min(abs(clockDifference) / 3600, 1e9))
        throw ExchangeFailure.untrusted(
            SCEPFault(
                .clockWrong, attempted: "send the challenge", expected: "a clock that agrees with the server's",
                got: "one that is \(hours) hours \(clockDifference > 0 ? "behind" : "ahead")"))
    }
}
