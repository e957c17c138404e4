import CLinux

/// Who connected, as the kernel noted it at that moment (SO_PEERCRED, unix(7)).
///
/// For messages, not for decisions: with `PrivateUsers=` most users look like nobody.
package struct PeerCredentials: Sendable, Equatable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32

    /// nil where the kernel does not say.
    init?(of descriptor: Int32) {
        var (process, user, group) = (Int32(0), UInt32(0), UInt32(0))
        guard unsafe signet_peer(descriptor, &process, &user, &group) == 0 else { return nil }
        self.process = process
        self.user = user
        self.group = group
    }
}
