import COpenSSL
package import X509

/// One signed attribute of a message, in libcrypto's terms.
package struct TestAttribute: Sendable {
    /// Dotted.
    package let identifier: String
    /// The universal tag of the value, such as 19 for PrintableString.
    package let type: Int32
    package let value: [UInt8]

    package init(_ identifier: String, type: Int32, value: [UInt8]) {
        self.identifier = identifier
        self.type = type
        self.value = value
    }

    package static func printable(_ identifier: String, _ text: String) -> TestAttribute {
        TestAttribute(identifier, type: V_ASN1_PRINTABLESTRING, value: Array(text.utf8))
    }

    package static func octets(_ identifier: String, _ octets: [UInt8]) -> TestAttribute {
        TestAttribute(identifier, type: V_ASN1_OCTET_STRING, value: octets)
    }
}

/// A SignedData that libcrypto signs, for tests of those who read it.
package struct TestMessage: Sendable {
    /// nil leaves eContent out.
    package var content: [UInt8]?
    package var attributes: [TestAttribute] = []
    /// Usually one; several and none are for tests of refusal.
    package var signers: [TestIdentity]
    package var digest = "SHA256"
    /// Beside the signers' own, which are embedded unless `embedsSigners` is off.
    package var certificates: [Certificate] = []
    package var embedsSigners = true
    package var hasSignedAttributes = true
    /// RSA-PSS in place of PKCS #1 v1.5.
    package var usesPSS = false
    /// Names signers by subject key identifier.
    package var namesKeyIdentifier = false
    /// Indefinite lengths and a constructed eContent.
    package var isStreamed = false

    package init(_ content: [UInt8]?, signer: TestIdentity, attributes: [TestAttribute] = []) {
        self.content = content
        self.attributes = attributes
        signers = [signer]
    }

    /// The same message with a change.
    package func with(_ change: (inout TestMessage) throws -> Void) rethrows -> TestMessage {
        var copy = self
        try change(&copy)
        return copy
    }

    /// The ContentInfo, signed.
    package func encoded() throws -> [UInt8] {
        var flags = UInt32(CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP)
        if content == nil { flags |= UInt32(CMS_DETACHED) }
        if isStreamed { flags |= UInt32(CMS_STREAM) }
        let extra = try stack(of: certificates.map(\.der))
        let input = try memory(content ?? [])
        let message = try Owned(CMS_sign(nil, nil, extra.pointer, nil, flags), "CMS_sign") {
            CMS_ContentInfo_free($0)
        }
        for signer in signers { try add(signer, to: message, flags) }
        if isStreamed {
            let output = try memory()
            try check(
                i2d_CMS_bio_stream(output.pointer, message.pointer, input.pointer, Int32(flags)), "i2d_CMS_bio_stream")
            return contents(of: output)
        }
        try check(CMS_final(message.pointer, input.pointer, nil, flags), "CMS_final")
        return try TestPKI.encoded("i2d_CMS_ContentInfo") { i2d_CMS_ContentInfo(message.pointer, $0) }
    }

    private func add(_ signer: TestIdentity, to message: Owned, _ flags: UInt32) throws {
        let key = try signer.key.load()
        let certificate = try loadCertificate(signer.certificate.der)
        var flags = flags
        if !embedsSigners { flags |= UInt32(CMS_NOCERTS) }
        if !hasSignedAttributes { flags |= UInt32(CMS_NOATTR) }
        if usesPSS { flags |= UInt32(CMS_KEY_PARAM) }
        if namesKeyIdentifier { flags |= UInt32(CMS_USE_KEYID) }
        guard
            let info = CMS_add1_signer(
                message.pointer, certificate.pointer, key.pointer, try messageDigest(digest), flags)
        else { throw TestPKIError("CMS_add1_signer") }
        if usesPSS {
            let context = CMS_SignerInfo_get0_pkey_ctx(info)
            try check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), "EVP_PKEY_CTX_set_rsa_padding")
        }
        for attribute in attributes {
            let type = try object(attribute.identifier)
            try check(
                CMS_signed_add1_attr_by_OBJ(
                    info, type.pointer, attribute.type, attribute.value, Int32(attribute.value.count)),
                "CMS_signed_add1_attr_by_OBJ")
        }
    }

    /// Certificates in a SignedData without signer and content.
    package static func degenerate(_ certificates: [Certificate]) throws -> [UInt8] {
        let extra = try stack(of: certificates.map(\.der))
        let flags = UInt32(CMS_BINARY | CMS_PARTIAL | CMS_DETACHED)
        let message = try Owned(CMS_sign(nil, nil, extra.pointer, nil, flags), "CMS_sign") {
            CMS_ContentInfo_free($0)
        }
        return try TestPKI.encoded("i2d_CMS_ContentInfo") { i2d_CMS_ContentInfo(message.pointer, $0) }
    }
}
