/// The system's trust anchors, as the distribution keeps them. A port: each family of distributions has its own.
///
/// Synchronous; `apply` may take as long as the system's own tool, at most its deadline. Methods throw
/// `InstallationFault` with `.trustStoreFailed` or `.writeFailed`.
package protocol TrustStore: Sendable {
    /// Names of all files in the folder for local anchors, Signet's and others; empty where there is no folder.
    func localFiles() throws -> [String]

    /// Brings Signet's files to what the plan says and rebuilds the system's bundle, if there is anything to do:
    /// a file to write or remove, or an anchor missing in the bundle.
    func apply(_ plan: AnchorPlan) throws

    /// Every certificate in the system's bundle, DER, as it is on disk now.
    func bundle() throws -> Set<[UInt8]>
}
