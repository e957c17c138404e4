import FoundationEssentials

/// A time as libcrypto takes it: whole seconds from 1970, between the years 1950 and 9999, which is what a certificate can
/// say (RFC 5280 §4.1.2.5); nil outside. libcrypto itself would write years of five digits.
func seconds(of time: Date) -> Int? {
    let seconds = time.timeIntervalSince1970.rounded(.down)
    return (-631_152_000...253_402_300_799).contains(seconds) ? Int(seconds) : nil
}
