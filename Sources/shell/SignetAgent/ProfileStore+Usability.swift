import Enrollment
import Faults
import FoundationEssentials
import SCEP
import Secrets
import X509

/// What a disk gives back need not be what was written: it is used where it is whole.
extension ProfileStore {
    /// Whether the request in pending/ is there with all that a reply to it takes: its key, who signed it, and what is
    /// renewed. Where it is not, asking after it would fail for ever.
    func canUnderstandReplies(_ ports: AgentPorts) throws -> Bool {
        guard try hasPending else { return false }
        do {
            guard let request = try pendingRequest(), let key = try pendingKey() else { return false }
            _ = try ports.cryptography.publicKeyInfo(of: key)
            _ = try DistinguishedName(der: Array(request.subject))
            if request.isUnderPassword == true, try pendingPassword() == nil { return false }
            if let number = request.signerGeneration {
                guard let generation = try generation(number), let key = try self.key(of: number) else { return false }
                return try ports.isPair(key, generation.certificate)
            }
            return try pendingSigner(of: request, key: key, ports) != nil
        } catch  where error.isDamage {
            return false
        }
    }

    /// Who signed a request that no generation signed, with the key that opens the replies: the requested one, or the
    /// transport key in its place. nil where that is gone, or damaged.
    func pendingSigner(of request: PendingRequest, key: Secret, _ ports: AgentPorts) throws -> MessageSigner? {
        let certificate = try Certificate(der: Array(request.signer ?? Data()))
        if try ports.isPair(key, certificate) { return MessageSigner(certificate: certificate, key: key) }
        guard let transport = try pendingTransportKey(), try ports.isPair(transport, certificate) else { return nil }
        return MessageSigner(certificate: certificate, key: transport)
    }
}

extension AgentPorts {
    /// Whether this is the certificate's key. Throws where that cannot be told now.
    func isPair(_ key: Secret, _ certificate: Certificate) throws -> Bool {
        do {
            return try cryptography.publicKeyInfo(of: key) == certificate.publicKeyInfo
        } catch  where error.isDamage {
            return false
        }
    }
}

extension EnrollmentState {
    /// A request may have arrived, and its reply is awaited.
    var awaitsReply: Bool { transaction.map { $0.step != .preparing } ?? false }
}

extension Error {
    /// Whether bytes were read and are not what they should be, as opposed to not being read.
    var isDamage: Bool {
        self is DecodingError || self is X509Fault || (self as? CryptographyFault)?.code == .unusableKey
    }
}
