import Glibc

/// The machine's own names, as its files give them. DNS is not asked: an answer could take long, and be anybody's.
struct HostNames {
    /// As the machine is named, with or without a domain.
    let hostname: String?
    /// The name with its domain: the host name where it has a dot, else what /etc/hosts adds to it.
    let fullName: String?

    init(_ files: SmallFiles, isHost: Bool) {
        hostname = Answer.hostname(isHost ? Self.kernelName : Self.writtenName(files))
        fullName = hostname.flatMap { $0.contains(".") ? $0 : Self.fullName(of: $0, files) }
    }

    /// gethostname(2), which is right in a container or namespace too.
    private static var kernelName: String? {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return nil }
        return String(validating: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// hostname(5): the first line that is neither empty nor a comment.
    private static func writtenName(_ files: SmallFiles) -> String? {
        let lines = files.text("/etc/hostname", limit: 4096)?.split(whereSeparator: \.isNewline) ?? []
        let name = lines.map { Answer.trimmed($0) }.first { !$0.isEmpty && !$0.hasPrefix("#") }
        return name ?? files.line("/proc/sys/kernel/hostname")
    }

    /// hosts(5): on the first line that names the host, the first name with a domain.
    private static func fullName(of hostname: String, _ files: SmallFiles) -> String? {
        // A machine's own names stand on top; lists of blocked hosts, which can be large, below.
        let lines = files.text("/etc/hosts", limit: 64 * 1024)?.split(whereSeparator: \.isNewline) ?? []
        for line in lines {
            let names = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).dropFirst()
            guard names.contains(where: { $0.lowercased() == hostname.lowercased() }) else { continue }
            let full = names.first { $0.contains(".") && !$0.lowercased().hasPrefix("localhost.") }
            if let full { return String(full) }
        }
        return nil
    }
}
