import Faults
import SCEP
import X509

/// Why there is no outcome. Branch on `code`, show `message`.
public struct SCEPClientError: Error, Sendable, CustomStringConvertible {
    /// Stable: `no-answer`, `http-status`, `ca-not-pinned`, `untrusted-signer`, …
    public let code: String
    /// What was attempted, what was expected and what came, in one line without any secret.
    public let message: String

    /// The message.
    public var description: String { message }

    static func wrapping<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw SCEPClientError(error) }
    }

    static func wrapping<Result>(_ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch { throw SCEPClientError(error) }
    }
}

extension SCEPClientError {
    init(refused verdict: QueryVerdict) {
        guard case .refused(let info, let text) = verdict else {
            self.init(code: "refused", message: "the CA answers with something else than was asked for")
            return
        }
        let said = [info?.name, text].compactMap(\.self).joined(separator: ": ")
        self.init(code: "refused", message: "the CA refuses to give it" + (said.isEmpty ? "" : ": \(said)"))
    }

    fileprivate init(_ error: any Error) {
        let code =
            switch error {
            case let error as SCEPClientError: error.code
            case ExchangeFailure.noAnswer: "no-answer"
            case ExchangeFailure.status: "http-status"
            case ExchangeFailure.untrusted(let fault): fault.code.rawValue
            case let fault as SCEPFault: fault.code.rawValue
            case let fault as CryptographyFault: fault.code.rawValue
            case let fault as X509Fault: fault.code.rawValue
            default: "failed"
            }
        self.init(code: code, message: "\(error)")
    }
}
