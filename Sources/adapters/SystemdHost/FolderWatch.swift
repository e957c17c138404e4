@unsafe @preconcurrency import Dispatch  // its sources may be used from any thread, but do not say Sendable
import Glibc

/// Tells that files in some folders changed (inotify(7)). Cheap, and without promise: where the kernel has no watches
/// left, or a folder is not there, nothing is told, so that callers look by themselves from time to time too.
package enum FolderWatch {
    private static let changes = UInt32(
        IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
    )

    /// Yields after changes, several at once as one, until the reader's task is cancelled.
    package static func changes(in folders: [String]) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watch = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard watch >= 0 else {
            continuation.finish()
            return stream
        }
        let add: @Sendable () -> Void = {
            // One that is there already stays; one that came, or came anew, is watched from now on.
            for folder in folders {
                unsafe _ = inotify_add_watch(watch, folder, changes | UInt32(IN_ONLYDIR))
            }
        }
        add()
        let source = DispatchSource.makeReadSource(fileDescriptor: watch, queue: .global())
        source.setEventHandler {
            drain(watch)
            add()
            continuation.yield()
        }
        source.setCancelHandler { close(watch) }
        source.activate()
        continuation.onTermination = { _ in source.cancel() }
        return stream
    }

    /// Which file it was is no matter: the reader looks at all of them.
    private static func drain(_ watch: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while unsafe read(watch, &buffer, buffer.count) > 0 {}
    }
}
