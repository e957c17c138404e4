/// An error as every module throws it: what failed, in a form that code can branch on and a person can read.
///
/// A module names its own codes (`typealias SCEPFault = Fault<SCEPFaultCode>`). Branch on `code`, never on text.
/// No field ever holds a secret: what is printed here ends up in the journal and in status files.
package struct Fault<Code: FaultCode>: Error, Sendable {
    /// What kind of failure this is.
    package let code: Code
    /// What was being attempted, as a lower-case phrase: "read the profile '/etc/signet/profiles.d/a.toml'".
    package let attempted: String
    /// What would have been right, where there is such a thing.
    package let expected: String?
    /// What was there instead.
    package let got: String?
    /// The failure below this one.
    package let cause: (any Error)?

    package init(
        _ code: Code, attempted: String, expected: String? = nil, got: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.attempted = attempted
        self.expected = expected
        self.got = got
        self.cause = cause
    }
}

/// The closed set of things that can go wrong in one module. Raw values are stable: they are logged and tested.
package protocol FaultCode: Sendable, Equatable, RawRepresentable where RawValue == String {}

extension Fault: CustomStringConvertible {
    /// One line: "attempted: code (expected …, got …): cause".
    package var description: String {
        var line = "\(attempted): \(code.rawValue)"
        switch (expected, got) {
        case (let expected?, let got?): line += " (expected \(expected), got \(got))"
        case (let expected?, nil): line += " (expected \(expected))"
        case (nil, let got?): line += " (got \(got))"
        case (nil, nil): break
        }
        if let cause { line += ": \(cause)" }
        return line
    }
}
