import COpenSSL
import FoundationEssentials
import SCEP

/// A time as libcrypto takes it: whole seconds from 1970, between the years 1950 and 9999, which is what a certificate can
/// say (RFC 5280 §4.1.2.5); nil outside. libcrypto itself would write years of five digits.
func seconds(of time: Date) -> Int? {
    let seconds = time.timeIntervalSince1970.rounded(.down)
    return (-631_152_000...253_402_300_799).contains(seconds) ? Int(seconds) : nil
}

/// UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5).
func time(_ date: Date, _ attempt: borrowing Attempt) throws -> [UInt8] {
    guard let seconds = seconds(of: date) else {
        throw attempt.fault(
            .malformed, expected: "a time between the years 1950 and 9999",
            got: "\(date.timeIntervalSince1970) seconds from 1970")
    }
    let made = unsafe try attempt.made(ASN1_TIME_set(nil, seconds))
    defer { unsafe ASN1_TIME_free(made) }
    return unsafe try encode(attempt) { unsafe i2d_ASN1_TIME(made, $0) }
}
