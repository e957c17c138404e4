import SCEPClient

func enroll(url: String, caFingerprint: [UInt8], challenge: [UInt8]) async throws -> String {
    let client = try SCEPClient(url: url, caFingerprints: [caFingerprint])
    let key = try client.generateKey()
    switch try await client.enroll(subject: "CN=device,O=Example", key: key, challenge: challenge) {
    case .issued(let certificate, let chain, _):
        return "a certificate of \(certificate.count) bytes, and \(chain.count) above it"
    case .pending(let request):
        // A person decides. Ask again from time to time.
        guard case .issued(let certificate, _, _) = try await client.poll(request) else { return "not yet" }
        return "a certificate of \(certificate.count) bytes"
    case .refused(let failInfo, let text):
        return "refused: \(failInfo ?? "no failInfo") \(text ?? "")"
    }
}
