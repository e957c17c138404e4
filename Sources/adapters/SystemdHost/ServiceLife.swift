import CLinux
import Dispatch
import Glibc

extension ServiceManager {
    /// Lets the threads of a program that has many, each with little to do, share one heap: 0.7 MB less in signetd. Call
    /// it before there is a second thread.
    package static func shareHeap() { signet_share_heap() }

    /// Keeps the memory of a process that holds keys from core dumps and from other processes of its user, and ends one
    /// that cannot. Call it before there is a secret.
    package static func forbidDumps() {
        if signet_forbid_dumps() != 0 { exit(1) }
    }

    /// Ends the process at the latest after so many seconds, whatever is still running. Only for programs that have
    /// everything that matters on disk before it matters in memory.
    package static func endForCertain(after seconds: Double, status: Int32 = 0) {
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { _exit(status) }
    }

    /// Tells the service manager at half its interval that the process lives, until the task is cancelled; returns at
    /// once where nobody wants to know.
    package static func feedWatchdog() async {
        guard let interval = watchdogInterval else { return }
        while !Task.isCancelled {
            notifyWatchdog()
            try? await Task.sleep(for: .seconds(interval / 2))
        }
    }
}
