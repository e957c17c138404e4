import ControlProtocol

@testable import SignetAgent

/// Follows the status until its first profile is as told; the suite's time limit ends a wait in vain.
@discardableResult
func until(
    _ agent: Agent, _ condition: (StatusDocument.Profile) -> Bool
) async throws -> StatusDocument.Profile {
    let status = try await untilStatus(agent) { status in status.profiles.first.map(condition) == true }
    guard let profile = status.profiles.first else { throw CancellationError() }
    return profile
}

/// Follows the status until it is as told.
@discardableResult
func untilStatus(_ agent: Agent, _ condition: (StatusDocument) -> Bool) async throws -> StatusDocument {
    for await status in await agent.changes() where condition(status) { return status }
    throw CancellationError()
}
