/// What lies on a disk: folders, files and links as values, by inode.
package struct DiskImage: Sendable {
    package typealias Inode = Int

    package enum Content: Sendable, Hashable {
        case file([UInt8])
        case folder([String: Inode])
        case link(String)
    }

    struct Node: Sendable {
        var content: Content
        var mode: UInt32
        var owner: UInt32
        var group: UInt32
    }

    static let root: Inode = 0

    var nodes: [Inode: Node]

    /// An empty root folder.
    package init(owner: UInt32 = 0, group: UInt32 = 0) {
        nodes = [Self.root: Node(content: .folder([:]), mode: 0o755, owner: owner, group: group)]
    }

    func entries(of folder: Inode) -> [String: Inode]? {
        guard case .folder(let entries) = nodes[folder]?.content else { return nil }
        return entries
    }

    /// Puts an inode under a name, or takes the name away.
    mutating func set(_ name: String, in folder: Inode, to inode: Inode?) {
        guard var entries = entries(of: folder) else { return }
        entries[name] = inode
        nodes[folder]?.content = .folder(entries)
    }

    /// One path of a tree, without inodes: what a process can see of it.
    package struct Entry: Hashable, Sendable {
        package let path: String
        let content: Content
        package let mode: UInt32
        let owner: UInt32
        let group: UInt32
    }

    /// Every path that can be reached. Two images with the same tree are the same disk to any process.
    package var tree: Set<Entry> {
        var found: Set<Entry> = []
        func collect(_ inode: Inode, _ path: String) {
            guard let node = nodes[inode] else { return }
            let entries = entries(of: inode)
            let content = entries == nil ? node.content : .folder([:])
            found.insert(
                Entry(path: path, content: content, mode: node.mode, owner: node.owner, group: node.group))
            for (name, child) in entries ?? [:] { collect(child, "\(path)/\(name)") }
        }
        collect(Self.root, "")
        return found
    }
}
