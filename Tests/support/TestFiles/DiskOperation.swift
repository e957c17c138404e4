/// One change of a disk, with its data, as a process asked for it; or what makes earlier ones durable.
///
/// Each is told by its effect, so that one can be there after a power cut without those before it.
package enum DiskOperation: Sendable {
    package typealias Inode = DiskImage.Inode

    /// A new inode under a new name: a file, a folder or a link.
    case make(Inode, DiskImage.Content, mode: UInt32, owner: UInt32, group: UInt32, name: String, folder: Inode)
    case write(Inode, offset: Int, bytes: [UInt8])
    case setMode(Inode, UInt32)
    case setOwner(Inode, UInt32?, UInt32?)
    /// One step, also from folder to folder.
    case rename(Inode, from: String, Inode, to: String, Inode)
    case unlink(name: String, folder: Inode)
    /// fsync(2) of a file or of a folder.
    case sync(Inode)
    /// Something happened outside of the disk by now, of which the test keeps the record.
    case mark(Int)

    /// What a power cut may take away by itself, by what it is the property of.
    enum Subject: Hashable { case name, data(Inode), attributes(Inode) }

    /// nil for what changes nothing.
    var subject: Subject? {
        switch self {
        case .make, .rename, .unlink: .name
        case .write(let inode, _, _): .data(inode)
        case .setMode(let inode, _), .setOwner(let inode, _, _): .attributes(inode)
        case .sync, .mark: nil
        }
    }

    /// The inode whose sync makes this durable: names are their folder's, content and attributes the inode's own.
    /// A rename is durable with its new name.
    var durableWith: Inode? {
        switch self {
        case .make(_, _, _, _, _, _, let folder): folder
        case .rename(_, _, _, _, let target): target
        case .unlink(_, let folder): folder
        case .write(let inode, _, _), .setMode(let inode, _), .setOwner(let inode, _, _): inode
        case .sync, .mark: nil
        }
    }
}

extension DiskImage {
    /// Lets a change take place. The inode itself is always made; whether it can be reached is a matter of names.
    mutating func apply(_ operation: DiskOperation) {
        switch operation {
        case .make(let inode, let content, let mode, let owner, let group, let name, let folder):
            declare(inode, content, mode: mode, owner: owner, group: group)
            set(name, in: folder, to: inode)
        case .write(let inode, let offset, let bytes):
            guard case .file(var content) = nodes[inode]?.content else { return }
            if content.count < offset { content += [UInt8](repeating: 0, count: offset - content.count) }
            content.replaceSubrange(offset..<min(offset + bytes.count, content.count), with: bytes)
            nodes[inode]?.content = .file(content)
        case .setMode(let inode, let mode): nodes[inode]?.mode = mode
        case .setOwner(let inode, let owner, let group):
            if let owner { nodes[inode]?.owner = owner }
            if let group { nodes[inode]?.group = group }
        case .rename(let inode, let old, let source, let new, let target):
            if entries(of: source)?[old] == inode { set(old, in: source, to: nil) }
            set(new, in: target, to: inode)
        case .unlink(let name, let folder): set(name, in: folder, to: nil)
        case .sync, .mark: break
        }
    }

    /// Makes an inode, without a name.
    mutating func declare(_ inode: Inode, _ content: Content, mode: UInt32, owner: UInt32, group: UInt32) {
        guard nodes[inode] == nil else { return }
        nodes[inode] = Node(content: content, mode: mode, owner: owner, group: group)
    }
}
