package import Profiles
package import SCEP
package import X509

extension Profile {
    /// What of a certificate's path the installer is sent: up to the first CA that root's files vouch for.
    ///
    /// What they name higher up the installer has itself; what they do not name it would refuse, and a server may offer any
    /// CA above its own, from one day to the next (RFC 8894 §4.2.1.2).
    ///
    /// - Parameters:
    ///   - above: the path without the leaf, from the lowest upward.
    ///   - named: the certificates of root's files.
    package func chainToSubmit(
        _ above: [Certificate], named: [Certificate], _ cryptography: any Cryptography
    ) -> [Certificate] {
        let isVouchedFor = { (one: Certificate) in
            scep.caFingerprints.isEmpty
                ? named.contains(one) : scep.caFingerprints.contains(cryptography.sha256(one.der))
        }
        return above.firstIndex(where: isVouchedFor).map { Array(above[...$0]) } ?? above
    }
}
