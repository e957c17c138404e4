package import FoundationEssentials

extension DERCursor {
    /// A Time: UTCTime or GeneralizedTime, in UTC, with seconds and without fractions (RFC 5280 §4.1.2.5).
    package mutating func readTime() throws(X509Fault) -> Date {
        let element = try next()
        let yearDigits: Int
        switch element.tag {
        case .utcTime: yearDigits = 2
        case .generalizedTime: yearDigits = 4
        default: throw fault(.unexpectedTag, expected: "a time", got: "\(element.tag)", at: element.whole.lowerBound)
        }
        let octets = Array(bytes[element.content])
        guard octets.count == yearDigits + 11, octets.last == UInt8(ascii: "Z"),
            octets.dropLast().allSatisfy({ (0x30...0x39).contains($0) })
        else { throw invalid(element, "a time like 20260131235959Z") }
        func number(_ start: Int, _ count: Int) -> Int {
            octets[start..<start + count].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        var year = number(0, yearDigits)
        if yearDigits == 2 { year += year < 50 ? 2000 : 1900 }
        let fields = (0..<5).map { number(yearDigits + $0 * 2, 2) }
        guard (1...12).contains(fields[0]), (1...Self.days(in: fields[0], of: year)).contains(fields[1]),
            fields[2] < 24, fields[3] < 60, fields[4] < 60
        else { throw invalid(element, "a time that exists") }
        let days = Self.daysSince1970(year, fields[0], fields[1])
        let seconds = ((days * 24 + fields[2]) * 60 + fields[3]) * 60 + fields[4]
        return Date(timeIntervalSince1970: Double(seconds))
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let leap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return switch month {
        case 2: leap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days in the Gregorian calendar, counted from March so that the leap day comes last.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }
}
