import Dispatch
import Faults
import Glibc
import Secrets
import SystemdHost
import TestFiles
import Testing

@Suite struct SecretCommandTests {
    private func text(_ arguments: [String]) async throws -> String {
        try await SecretCommand(arguments).output().withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func code(_ command: SecretCommand) async -> HostFaultCode? {
        do {
            _ = try await command.output()
            return nil
        } catch {
            return (error as? HostFault)?.code
        }
    }

    @Test func `standard output is the secret, and no shell reads the arguments`() async throws {
        #expect(try await text(["/bin/echo", "a  b", "$HOME;`id`"]) == "a  b $HOME;`id`\n")
    }

    @Test func `the command sees a clean environment, the root folder and no input`() async throws {
        let lines = try await text(["/usr/bin/env"]).split(separator: "\n").map { $0.prefix { $0 != "=" } }
        #expect(lines == ["PATH", "LANG"])
        #expect(try await text(["/bin/pwd"]) == "/\n")
        #expect(try await text(["/bin/cat"]) == "")
    }

    @Test func `the command inherits standard streams only`() async throws {
        let held = open("/dev/null", O_RDONLY)
        defer { close(held) }
        let listed = try await text(["/bin/sh", "-c", "echo /proc/self/fd/*"])
        // sh lists its own three and the folder it reads.
        #expect(listed.split(separator: " ").count <= 4)
    }

    @Test func `another exit status than 0, or a signal, is a failure that names it`() async throws {
        let exited = await #expect(throws: HostFault.self) {
            try await SecretCommand(["/bin/sh", "-c", "echo half; exit 7"]).output()
        }
        #expect(exited?.code == .commandFailed)
        #expect(exited?.got == "exit status 7")
        let killed = await #expect(throws: HostFault.self) {
            try await SecretCommand(["/bin/sh", "-c", "kill -9 $$"]).output()
        }
        #expect(killed?.got == "an end by signal 9")
    }

    @Test func `a command that is not there, or named without its folder, is not started`() async throws {
        #expect(await code(SecretCommand(["/nonexistent/tool"])) == .commandNotStarted)
        #expect(await code(SecretCommand(["echo"])) == .commandNotStarted)
        #expect(await code(SecretCommand([])) == .commandNotStarted)
        #expect(await code(SecretCommand(["/etc/passwd"])) == .commandNotStarted)
    }

    @Test func `output may fill the limit and not pass it`() async throws {
        let full = SecretCommand(["/usr/bin/head", "-c", "4096", "/dev/zero"])
        #expect(try await full.output().count == 4096)
        #expect(await code(SecretCommand(["/usr/bin/head", "-c", "4097", "/dev/zero"])) == .tooLarge)
        #expect(await code(SecretCommand(["/usr/bin/yes"])) == .tooLarge)
    }

    @Test(.timeLimit(.minutes(1))) func `a command that does not end is killed at its deadline`() async throws {
        #expect(await code(SecretCommand(["/bin/sleep", "3600"], deadline: 0.05)) == .commandTimedOut)
        #expect(
            await code(SecretCommand(["/bin/sh", "-c", "trap '' TERM; sleep 3600"], deadline: 0.05)) == .commandTimedOut
        )
    }

    @Test(.timeLimit(.minutes(1))) func `cancelling the task ends the command`() async throws {
        let task = Task { await code(SecretCommand(["/bin/sleep", "3600"], deadline: 3600)) }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test(.timeLimit(.minutes(1))) func `cancelling a command under way ends it`() async throws {
        let scratch = try ScratchFolder()
        let fifo = "\(scratch.path)/started"
        #expect(mkfifo(fifo, 0o600) == 0)
        let task = Task {
            await code(SecretCommand(["/bin/sh", "-c", "echo go > \(fifo); exec sleep 3600"], deadline: 3600))
        }
        // Opening blocks until the command opens the other end: it is under way then.
        let descriptor = await withCheckedContinuation { opened in
            DispatchQueue.global().async { opened.resume(returning: open(fifo, O_RDONLY | O_CLOEXEC)) }
        }
        defer { close(descriptor) }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test(.timeLimit(.minutes(1))) func `what the command started does not outlive it`() async throws {
        let scratch = try ScratchFolder()
        let fifo = "\(scratch.path)/held"
        #expect(mkfifo(fifo, 0o600) == 0)
        let descriptor = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(try await text(["/bin/sh", "-c", "exec 9>\(fifo); sleep 3600 & echo made"]) == "made\n")
        // The pipe hangs up once nobody holds it: the child of the command is gone.
        var polled = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        #expect(poll(&polled, 1, 30_000) == 1)
        #expect(polled[0].revents & Int16(POLLHUP) != 0)
    }
}
