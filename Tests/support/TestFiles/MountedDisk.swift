import DurableFiles
import Glibc

/// A disk while it is in use: what lies there, what was changed, and which descriptors are open.
struct MountedDisk {
    struct Open {
        let inode: DiskImage.Inode
        var position = 0
    }

    /// A name in a folder, and what it stands for; nil where nothing has it.
    struct Place {
        let folder: DiskImage.Inode
        let name: String
        let inode: DiskImage.Inode?
    }

    var image: DiskImage
    var operations: [DiskOperation] = []
    var open: [Int32: Open] = [:]
    private var nextDescriptor: Int32 = 1000
    private var inodes: Int

    init(_ image: DiskImage) {
        self.image = image
        inodes = (image.nodes.keys.max() ?? 0) + 1
    }

    mutating func change(_ operation: DiskOperation) {
        operations.append(operation)
        image.apply(operation)
    }

    mutating func newInode() -> DiskImage.Inode {
        defer { inodes += 1 }
        return inodes
    }

    mutating func open(_ inode: DiskImage.Inode) -> Int32 {
        defer { nextDescriptor += 1 }
        open[nextDescriptor] = Open(inode: inode)
        return nextDescriptor
    }

    func inode(of descriptor: Int32) throws(SystemError) -> DiskImage.Inode {
        guard let open = open[descriptor] else { throw SystemError(EBADF) }
        return open.inode
    }

    func status(of inode: DiskImage.Inode) throws(SystemError) -> FileStatus {
        guard let node = image.nodes[inode] else { throw .missing }
        let (kind, size): (FileStatus.Kind, Int) =
            switch node.content {
            case .file(let bytes): (.regular, bytes.count)
            case .folder: (.directory, 0)
            case .link(let target): (.link, target.utf8.count)
            }
        return FileStatus(kind: kind, mode: node.mode, owner: node.owner, group: node.group, size: size)
    }

    /// Finds a path's last component; links above it are followed, one that it is itself is not, unless "." follows.
    func place(_ path: String, in directory: Int32, depth: Int = 8) throws(SystemError) -> Place {
        let start = path.hasPrefix("/") ? DiskImage.root : try inode(of: directory)
        return try place(path.split(separator: "/").map(String.init), from: start, depth: depth)
    }

    private func place(
        _ names: [String], from start: DiskImage.Inode, depth: Int
    ) throws(SystemError) -> Place {
        guard depth > 0 else { throw .tooManyLinks }
        var folder = start
        for (index, name) in names.enumerated() {
            guard let entries = image.entries(of: folder) else { throw .notDirectory }
            let isLast = index == names.count - 1
            if name == "." { continue }
            if isLast { return Place(folder: folder, name: name, inode: entries[name]) }
            guard let next = entries[name] else { throw .missing }
            if case .link(let target) = image.nodes[next]?.content {
                let place = try place(
                    target.split(separator: "/").map(String.init) + ["."],
                    from: target.hasPrefix("/") ? DiskImage.root : folder, depth: depth - 1)
                guard let found = place.inode else { throw .missing }
                folder = found
            } else {
                folder = next
            }
        }
        guard image.entries(of: folder) != nil else { throw .notDirectory }
        return Place(folder: folder, name: ".", inode: folder)
    }
}
