import Faults
import FoundationEssentials

/// PEM (RFC 7468): base64 between BEGIN and END lines, any text around them. Never used for private keys, which
/// stay in memory that can be wiped.
package enum PEM {
    package static let certificateLabel = "CERTIFICATE"
    package static let revocationListLabel = "X509 CRL"

    /// Most bytes of text, and most blocks, that are read.
    package static let limit = 4 * 1024 * 1024
    package static let blockLimit = 512

    /// The contents of every block with this label, in order; blocks with other labels are skipped.
    ///
    /// Throws `.notPEM` where a block does not end, ends as another, or holds anything but base64; `.limitExceeded`.
    package static func blocks(labelled label: String, in text: [UInt8]) throws(X509Fault) -> [[UInt8]] {
        guard text.count <= limit else { throw fault(.limitExceeded, expected: "at most \(limit) bytes") }
        var blocks: [[UInt8]] = []
        var open: (label: String, base64: [UInt8])?
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            number += 1
            let line = trimmed(line)
            if let begun = boundary("BEGIN", line) {
                guard open == nil else { throw fault(.notPEM, expected: "END before the next BEGIN", line: number) }
                open = (begun, [])
            } else if let ended = boundary("END", line) {
                guard let block = open, block.label == ended else {
                    throw fault(.notPEM, expected: "END of the block that began", line: number)
                }
                open = nil
                guard ended == label else { continue }
                guard blocks.count < blockLimit else {
                    throw fault(.limitExceeded, expected: "fewer blocks", line: number)
                }
                guard let bytes = Data(base64Encoded: Data(block.base64)), !bytes.isEmpty else {
                    throw fault(.notPEM, expected: "base64 between BEGIN and END", line: number)
                }
                blocks.append(Array(bytes))
            } else {
                open?.base64 += line
            }
        }
        guard open == nil else { throw fault(.notPEM, expected: "END of the last block", line: number) }
        return blocks
    }

    /// Certificates out of PEM, or the one of a DER file; at least one.
    package static func certificates(in bytes: [UInt8]) throws(X509Fault) -> [Certificate] {
        if bytes.first == DERTag.sequence.rawValue { return [try Certificate(der: bytes)] }
        var certificates: [Certificate] = []
        for block in try blocks(labelled: certificateLabel, in: bytes) {
            certificates.append(try Certificate(der: block))
        }
        guard !certificates.isEmpty else {
            throw fault(.notPEM, expected: "a block '-----BEGIN CERTIFICATE-----', or one certificate in DER")
        }
        return certificates
    }

    /// One block, lines of 64 characters, with a line end at its end.
    package static func encode(_ der: [UInt8], label: String) -> [UInt8] {
        var text = Array("-----BEGIN \(label)-----\n".utf8)
        var rest = Array(Data(der).base64EncodedData())[...]
        while !rest.isEmpty {
            text += rest.prefix(64)
            text.append(0x0A)
            rest = rest.dropFirst(64)
        }
        return text + Array("-----END \(label)-----\n".utf8)
    }

    /// The label of a line `-----WORD LABEL-----`.
    private static func boundary(_ word: String, _ line: ArraySlice<UInt8>) -> String? {
        let prefix = Array("-----\(word) ".utf8)
        let suffix = Array("-----".utf8)
        guard line.starts(with: prefix), line.count >= prefix.count + suffix.count, line.suffix(5).elementsEqual(suffix)
        else { return nil }
        return String(decoding: line.dropFirst(prefix.count).dropLast(suffix.count), as: UTF8.self)
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var line = line
        while let last = line.last, last == 0x20 || last == 0x09 { line = line.dropLast() }
        return line
    }

    private static func fault(_ code: X509FaultCode, expected: String, line: Int? = nil) -> X509Fault {
        X509Fault(code, attempted: "read PEM", expected: expected, got: line.map { "line \($0)" })
    }
}
