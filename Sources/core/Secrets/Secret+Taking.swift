import CLinux

extension Secret {
    /// Moves bytes in: those of the array are overwritten, where nobody else has a part in them.
    package convenience init(taking bytes: inout [UInt8]) {
        self.init(capacity: bytes.count) { target in
            target.copyBytes(from: bytes)
            return bytes.count
        }
        bytes.withUnsafeMutableBytes { signet_wipe($0.baseAddress, $0.count) }
        bytes = []
    }
}
