package import DurableFiles
import Glibc
import Synchronization

/// A disk in memory, behind the system calls that durable files are made of. It writes down every change with its data.
package final class SimulatedDisk: FileSystemCalls {
    private let state: Mutex<MountedDisk>
    private let user = (owner: geteuid(), group: getegid())

    /// What lay there when this disk was mounted.
    package let base: DiskImage

    package init(_ base: DiskImage = DiskImage(owner: geteuid(), group: getegid())) {
        self.base = base
        state = Mutex(MountedDisk(base))
    }

    /// Every change since, in order.
    package var operations: [DiskOperation] { state.withLock { $0.operations } }
    /// What lies there now, as processes see it.
    package var image: DiskImage { state.withLock { $0.image } }
    /// Descriptors that are open.
    package var openCount: Int { state.withLock { $0.open.count } }

    /// Notes that something happened outside of the disk.
    package func mark(_ number: Int) { state.withLock { $0.operations.append(.mark(number)) } }

    // MARK: the calls

    package func open(_ path: String, in directory: Int32, flags: Int32, mode: UInt32) throws(SystemError) -> Int32 {
        try with { state throws(SystemError) in
            let place = try state.place(path, in: directory)
            if flags & O_CREAT != 0 {
                if place.inode != nil { throw .exists }
                return state.open(try make(.file([]), mode: mode, at: place, &state))
            }
            guard let inode = place.inode, let node = state.image.nodes[inode] else { throw .missing }
            if case .link = node.content {
                throw flags & O_DIRECTORY != 0 ? .notDirectory : .tooManyLinks
            }
            if flags & O_DIRECTORY != 0, state.image.entries(of: inode) == nil { throw .notDirectory }
            return state.open(inode)
        }
    }

    package func close(_ descriptor: Int32) throws(SystemError) {
        try with { state throws(SystemError) in
            guard state.open.removeValue(forKey: descriptor) != nil else { throw SystemError(EBADF) }
        }
    }

    package func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try with { state throws(SystemError) in
            guard let open = state.open[descriptor] else { throw SystemError(EBADF) }
            guard case .file(let content) = state.image.nodes[open.inode]?.content else { throw .isDirectory }
            let part = content.dropFirst(open.position).prefix(bytes.count)
            bytes.copyBytes(from: part)
            state.open[descriptor]?.position += part.count
            return part.count
        }
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try with { state throws(SystemError) in
            guard let open = state.open[descriptor] else { throw SystemError(EBADF) }
            state.change(.write(open.inode, offset: open.position, bytes: Array(bytes)))
            state.open[descriptor]?.position += bytes.count
            return bytes.count
        }
    }

    package func setMode(_ descriptor: Int32, _ mode: UInt32) throws(SystemError) {
        try with { state throws(SystemError) in state.change(.setMode(try state.inode(of: descriptor), mode)) }
    }

    package func setOwner(_ descriptor: Int32, _ owner: UInt32?, _ group: UInt32?) throws(SystemError) {
        try with { state throws(SystemError) in
            state.change(.setOwner(try state.inode(of: descriptor), owner, group))
        }
    }

    package func beginSync(_ descriptor: Int32) {}

    package func sync(_ descriptor: Int32) throws(SystemError) {
        try with { state throws(SystemError) in state.change(.sync(try state.inode(of: descriptor))) }
    }

    package func rename(
        _ old: String, in oldDirectory: Int32, to new: String, in newDirectory: Int32
    ) throws(SystemError) {
        try with { state throws(SystemError) in
            let (source, target) = (try state.place(old, in: oldDirectory), try state.place(new, in: newDirectory))
            guard let inode = source.inode else { throw .missing }
            if let there = target.inode {
                switch (state.image.entries(of: inode), state.image.entries(of: there)) {
                case (.some, .some(let entries)) where !entries.isEmpty: throw .notEmpty
                case (.some, nil): throw .notDirectory
                case (nil, .some): throw .isDirectory
                default: break
                }
            }
            state.change(.rename(inode, from: source.name, source.folder, to: target.name, target.folder))
        }
    }

    package func unlink(_ path: String, in directory: Int32, isDirectory: Bool) throws(SystemError) {
        try with { state throws(SystemError) in
            let place = try state.place(path, in: directory)
            guard let inode = place.inode else { throw .missing }
            let entries = state.image.entries(of: inode)
            if isDirectory, entries == nil { throw .notDirectory }
            if !isDirectory, entries != nil { throw .isDirectory }
            guard entries?.isEmpty ?? true else { throw .notEmpty }
            state.change(.unlink(name: place.name, folder: place.folder))
        }
    }

    package func makeDirectory(_ path: String, in directory: Int32, mode: UInt32) throws(SystemError) {
        try with { state throws(SystemError) in
            let place = try state.place(path, in: directory)
            if place.inode != nil { throw .exists }
            _ = try make(.folder([:]), mode: mode, at: place, &state)
        }
    }

    package func makeLink(to target: String, _ path: String, in directory: Int32) throws(SystemError) {
        try with { state throws(SystemError) in
            let place = try state.place(path, in: directory)
            if place.inode != nil { throw .exists }
            _ = try make(.link(target), mode: 0o777, at: place, &state)
        }
    }

    package func linkTarget(_ path: String, in directory: Int32) throws(SystemError) -> String {
        try with { state throws(SystemError) in
            guard let inode = try state.place(path, in: directory).inode else { throw .missing }
            guard case .link(let target) = state.image.nodes[inode]?.content else { throw .invalidArgument }
            return target
        }
    }

    package func status(_ path: String, in directory: Int32) throws(SystemError) -> FileStatus {
        try with { state throws(SystemError) in
            guard let inode = try state.place(path, in: directory).inode else { throw .missing }
            return try state.status(of: inode)
        }
    }

    package func status(_ descriptor: Int32) throws(SystemError) -> FileStatus {
        try with { state throws(SystemError) in try state.status(of: try state.inode(of: descriptor)) }
    }

    package func names(_ descriptor: Int32, limit: Int) throws(SystemError) -> [String] {
        try with { state throws(SystemError) in
            guard let entries = state.image.entries(of: try state.inode(of: descriptor)) else { throw .notDirectory }
            return Array(entries.keys.sorted().prefix(limit))
        }
    }

    // MARK: parts

    private func make(
        _ content: DiskImage.Content, mode: UInt32, at place: MountedDisk.Place, _ state: inout MountedDisk
    ) throws(SystemError) -> DiskImage.Inode {
        let inode = state.newInode()
        state.change(
            .make(
                inode, content, mode: mode, owner: user.owner, group: user.group, name: place.name,
                folder: place.folder))
        return inode
    }

    private func with<Value>(
        _ body: (inout MountedDisk) throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let result: Result<Value, SystemError> = state.withLock { state in
            do throws(SystemError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
