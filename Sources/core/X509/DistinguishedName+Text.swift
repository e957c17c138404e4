extension DistinguishedName: CustomStringConvertible {
    /// RFC 4514 text: last relative name first; types without a name as dotted identifier and `#` hexadecimal.
    package var description: String {
        relativeNames.reversed().map { attributes in attributes.map(Self.text).joined(separator: "+") }
            .joined(separator: ",")
    }

    private static func text(_ attribute: NameAttribute) -> String {
        guard let type = NameAttributeType.identified(attribute.type), let text = attribute.text else {
            return "\(attribute.type)=#\(Hexadecimal.string(attribute.value))"
        }
        return "\(type.name)=\(escape(text))"
    }

    /// Escapes a value so that it stands for itself in RFC 4514 text (§2.4). Characters that cannot be seen become
    /// hexadecimal pairs too, which the RFC allows, so that a name never breaks a line, colours a terminal or turns
    /// around what stands after it.
    package static func escape(_ value: String) -> String {
        let scalars = Array(value.unicodeScalars)
        var escaped = ""
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "\"", "+", ",", ";", "<", ">", "\\", "=": escaped += "\\\(scalar)"
            case "#" where index == 0, " " where index == 0 || index == scalars.count - 1: escaped += "\\\(scalar)"
            case _ where isUnseen(scalar):
                for octet in String(scalar).utf8 { escaped += "\\\(Hexadecimal.string([octet]))" }
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Reads RFC 4514 text, `CN=device,O=Example`: its last relative name comes first in the DER (§2.1).
    ///
    /// Spaces around `,`, `+` and `=` are skipped, as RFC 2253 §4 lets readers do and as people write. Values are
    /// encoded as RFC 5280 §4.1.2.4 asks and kept to the lengths of its appendix A. Throws `.invalidName`.
    package init(rfc4514 text: String) throws(X509Fault) {
        var reader = DistinguishedNameReader(text)
        let relativeNames = try reader.read()
        let encoded = relativeNames.map { attributes in
            DERWriter.setOf(
                attributes.map { DERWriter.sequence(DERWriter.objectIdentifier($0.type), $0.value) })
        }
        try self.init(der: DERWriter.element(.sequence, encoded.flatMap { $0 }))
    }
}
