// Stands in until the CMS admission lands in this folder; delete it then.
import Faults
package import X509

package struct CMSSignedMessage {
    package let digest: DigestAlgorithm; package let messageType: String?; package let pkiStatus: String?;
    package let failInfo: String?; package let failInfoText: String?; package let transactionID: String?;
    package let recipientNonce: [UInt8]?; package let content: [UInt8]?
    package static func admit(_ b: [UInt8]) throws -> CMSSignedMessage {
        throw CryptographyFault(.malformed, attempted: "")
    }
}
package struct CMSEnvelope {
    package let cipher: ContentCipher;
    package static func admit(_ b: [UInt8]) throws -> CMSEnvelope { throw CryptographyFault(.malformed, attempted: "") }
}
package struct CMSCertificateBundle {
    package let certificates: [Certificate];
    package static func admit(_ b: [UInt8]) throws -> CMSCertificateBundle {
        throw CryptographyFault(.malformed, attempted: "")
    }
    package static func certificatesFromGetCACert(_ b: [UInt8]) throws -> [Certificate] { [] }
}
