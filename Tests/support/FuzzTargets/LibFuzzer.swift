import Glibc

// What libFuzzer calls, in the program that packaging/fuzz makes of this module. SIGNET_FUZZ_TARGET names the target.

private let target: FuzzTarget = {
    let name = getenv("SIGNET_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("SIGNET_FUZZ_TARGET is '\(name)': set it to one of \(names)")
    }
    return target
}()

/// Writes the target's examples where SIGNET_FUZZ_EXAMPLES says, for the fuzzer to begin with.
@_cdecl("LLVMFuzzerInitialize") public func initialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
    guard let folder = getenv("SIGNET_FUZZ_EXAMPLES").map({ String(cString: $0) }) else { return 0 }
    finish {
        for (name, bytes) in try target.examples() {
            guard let file = fopen("\(folder)/\(name)", "w") else { fatalError("'\(folder)' cannot be written to") }
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
    }
    return 0
}

/// Hands one input to the target.
@_cdecl("LLVMFuzzerTestOneInput") public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    finish { try target.run(bytes) }
    return 0
}

/// A finding ends the process, as libFuzzer wants it.
private func finish(_ body: () throws -> Void) {
    do {
        try body()
    } catch {
        fatalError("\(error)")
    }
}
