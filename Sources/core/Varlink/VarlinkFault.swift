package import Faults

/// Why a message could not be read or written. The connection that it came over is of no further use.
package typealias VarlinkFault = Fault<VarlinkFaultCode>

/// The reasons; raw values are stable.
package enum VarlinkFaultCode: String, FaultCode {
    /// A message is longer than the limit.
    case frameTooLarge = "frame-too-large"
    /// A message is no JSON object of the shape that Varlink asks for.
    case malformedFrame = "malformed-frame"
    /// Arrays and objects are nested deeper than the limit.
    case nestedTooDeep = "nested-too-deep"
    /// A value could not be written as JSON.
    case unencodable
}
