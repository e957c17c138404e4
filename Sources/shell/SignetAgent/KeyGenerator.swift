import SCEP
import Secrets

/// Makes keys on a queue of its own, while the first requests of a transaction are under way.
actor KeyGenerator {
    private let executor = QueueExecutor(label: "io.signet.keys")
    private let cryptography: any Cryptography

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(cryptography: any Cryptography) {
        self.cryptography = cryptography
    }

    func generate(_ kind: KeyKind) throws -> Secret {
        try cryptography.generateKey(kind)
    }
}
