import CCurl
import FoundationEssentials

/// The certificates that a TLS server showed, leaf first, DER.
///
/// All or none: who judges a chain must not be shown a part of it. None where they are more than 16, or one of them cannot
/// be read.
func handshakeCertificates(_ info: UnsafePointer<curl_certinfo>?) -> [[UInt8]] {
    guard let info = unsafe info?.pointee, let lists = unsafe info.certinfo else { return [] }
    let count = unsafe Int(info.num_of_certs)
    var certificates: [[UInt8]] = []
    guard count <= 16 else { return [] }
    for index in 0..<count {
        guard let der = unsafe certificate(in: lists[index]) else { return [] }
        certificates.append(der)
    }
    return certificates
}

/// Each certificate is a list of "Name:value" lines, the last of which is the certificate itself.
private func certificate(in list: UnsafeMutablePointer<curl_slist>?) -> [UInt8]? {
    var entry = unsafe list
    while let line = unsafe entry {
        if let text = unsafe line.pointee.data, let der = unsafe certificate(inLine: String(cString: text)) {
            return der
        }
        unsafe entry = line.pointee.next
    }
    return nil
}

/// DER of "Cert:-----BEGIN CERTIFICATE-----…"; nil for another line.
func certificate(inLine line: String) -> [UInt8]? {
    let begin = "Cert:-----BEGIN CERTIFICATE-----"
    let end = "-----END CERTIFICATE-----"
    guard line.utf8.count <= 96 * 1024, line.hasPrefix(begin) else { return nil }
    let rest = line.dropFirst(begin.count)
    let base64 = rest.prefix { $0 != "-" }
    guard rest[base64.endIndex...].hasPrefix(end) else { return nil }
    return Data(base64Encoded: String(base64.filter { !$0.isWhitespace })).map { Array($0) }
}
