import SignetInstaller
import Testing

struct IdleTimerTests {
    @Test(.timeLimit(.minutes(1))) func `the time runs anew after the last connection`() async {
        let timer = IdleTimer(.milliseconds(1))
        await timer.expiration()
        timer.connectionsChanged(to: 1)
        timer.connectionsChanged(to: 0)
        await timer.expiration()
    }

    @Test(.timeLimit(.minutes(1))) func `a task that waits for it can be cancelled`() async {
        let timer = IdleTimer(.seconds(3600))
        let waiting = Task { await timer.expiration() }
        waiting.cancel()
        await waiting.value
    }
}
