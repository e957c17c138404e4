/// What an issued certificate has to be beside signed by the pinned CA, current, for the requested key and no CA's.
public struct CertificateDemands: Sendable {
    /// For TLS clients: the extended key usage names clientAuth. No RFC asks for it; gateways do.
    public var mustBeForClients: Bool
    /// For whomever: PKIs write subjects of their own. Without it the subject is the requested one.
    public var acceptsOtherSubjects: Bool

    /// Nothing more, unless told otherwise.
    public init(mustBeForClients: Bool = false, acceptsOtherSubjects: Bool = false) {
        self.mustBeForClients = mustBeForClients
        self.acceptsOtherSubjects = acceptsOtherSubjects
    }
}
