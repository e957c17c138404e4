import FoundationEssentials

/// Every path below a folder with its content, for comparing.
func tree(_ folder: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
        let path = "\(folder)/\(name)"
        if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            found[name] = Data(target.utf8)
        } else {
            found[name] = FileManager.default.contents(atPath: path) ?? Data()
        }
    }
    return found
}
