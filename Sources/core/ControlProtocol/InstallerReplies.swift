package import Varlink

/// What `Publish` answers with.
package struct PublishReply: Codable, Sendable, Equatable {
    package var generation: Int
    /// SHA-256 of the published certificate in lower-case hex.
    package var sha256: String
    /// The same of each anchor found in the system's bundle.
    package var anchors: [String]

    package init(generation: Int, sha256: String, anchors: [String]) {
        self.generation = generation
        self.sha256 = sha256
        self.anchors = anchors
    }
}

/// What `GetDeviceFacts` answers with.
package struct DeviceFactsReply: Codable, Sendable, Equatable {
    package var productSerial: String?
    package var productUUID: String?

    package init(productSerial: String?, productUUID: String?) {
        self.productSerial = productSerial
        self.productUUID = productUUID
    }

    private enum CodingKeys: String, CodingKey {
        case productSerial = "product_serial"
        case productUUID = "product_uuid"
    }
}

/// Why the installer did not do what it was asked.
package struct InstallerRefusal: Error, Sendable, Equatable {
    /// Stable.
    package let code: String
    /// Why, and what to do.
    package let text: String

    package init(code: String, text: String) {
        self.code = code
        self.text = text
    }

    /// The error to reply with.
    package var reply: VarlinkError {
        VarlinkError(name: InstallerRefusal.name, parameters: ["code": .string(code), "text": .string(text)])
    }

    /// Reads an error that was replied; nil for one that is not the installer's own.
    package init?(_ error: VarlinkError) {
        guard error.name == InstallerRefusal.name, let code = error.parameters["code"]?.text else { return nil }
        self.init(code: code, text: error.parameters["text"]?.text ?? "")
    }

    private static let name = "\(InstallerInterface.name).Refused"
}
