/// What a degenerate SignedData holds beside or in place of certificates (RFC 8894 §3.4), as encodings.
struct CMSBundleContents {
    let certificates: [[UInt8]]
    let revocationLists: [[UInt8]]

    /// Reads DER or BER of at most 1 MiB.
    static func admit(_ bytes: [UInt8]) throws(CMSFault) -> CMSBundleContents {
        try CMSContentInfo.admit(bytes, reading: "the answer to a query") { info in
            let data = try CMSSignedData(degenerate: &info, certificateLimit: ExchangeLimits.certificates)
            return CMSBundleContents(certificates: data.certificates, revocationLists: data.revocationLists)
        }
    }
}
