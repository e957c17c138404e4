import FoundationEssentials
import Glibc
import SCEPClient
import TestPKI
import Testing

@Suite struct MemoryTests {
    /// In a process of its own, which does nothing else: real libcurl, real libcrypto, and a server in this one.
    @Test func `two thousand enrollments keep no more memory than two hundred`() async throws {
        let server = try EnrollingServer()
        defer { server.stop() }
        await #expect(processExitsWith: .success) {
            [url = server.url as String, fingerprint = server.fingerprint as [UInt8]] in
            let client = try SCEPClient(url: url, caFingerprints: [fingerprint])
            func enroll(_ count: Int) async throws {
                for _ in 0..<count {
                    let outcome = try await client.enroll(subject: "CN=device", key: TestKey.device.pem)
                    guard case .issued = outcome else { throw CancellationError() }
                }
            }
            try await enroll(200)
            let before = try residentBytes()
            try await enroll(1800)
            let growth = try residentBytes() - before
            #expect(growth <= 1 << 20, "\(growth) bytes more")
        }
    }
}

/// What the process holds in memory, once the allocator has given back what nobody uses (proc_pid_statm(5)).
private func residentBytes() throws -> Int {
    // malloc.h is not among the headers that Swift sees.
    typealias Trim = @convention(c) (Int) -> CInt
    let trim = try #require(dlsym(nil, "malloc_trim"))
    _ = unsafeBitCast(trim, to: Trim.self)(0)
    let pages = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/statm")), as: UTF8.self)
        .split(separator: " ")
    return (Int(pages[1]) ?? 0) * Int(getpagesize())
}
