/// A user's name and password, as a server or a proxy asks for them.
package struct Login: Sendable {
    package let user: Secret
    package let password: Secret

    /// `user:password` (RFC 7617 §2), where the first colon ends the name; for NTLM the name is `DOMAIN\user`.
    ///
    /// nil where there is no name or no colon, and for bytes that no header and no C string can carry.
    package init?(_ text: Secret) {
        let parts = text.withBytes { bytes -> (Secret, Secret)? in
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
                !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else { return nil }
            return (
                Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[..<colon])),
                Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[(colon + 1)...]))
            )
        }
        guard let (user, password) = parts else { return nil }
        self.user = user
        self.password = password
    }
}
