/// What an entry of the journal may be about, but for problems that arise: each of those has an id of its own, in the
/// table of problems.
package enum JournalEvent: Sendable, Equatable, CaseIterable {
    /// A program started.
    case started
    /// A program ends in good order.
    case ended
    /// A program ends because it cannot go on.
    case failed
    /// An admin's order is followed.
    case orderTaken
    case exchangeBegun
    case exchangeEnded
    /// A certificate is on disk as a new generation.
    case identityIssued
    /// A generation is where its readers look.
    case published
    /// What was published for a removed profile is taken back.
    case withdrawn
    /// The device tag has another value.
    case tagChanged
    /// What was wrong is not any more.
    case problemCleared
    /// The installer did not do what the agent asked for.
    case installationRefused
    /// The agent's folder was written on another machine, and the device has got an id of its own.
    case deviceRenewed
    /// Somebody called the installer who may not.
    case callerRefused
    /// Somebody asked on the socket that reads for what only the admins' socket does.
    case orderRefused
    /// Something failed that nothing depends on.
    case failureIgnored

    /// The `MESSAGE_ID`: never changed, never used again.
    package var messageID: String { entry.messageID }
    /// How much it matters, unless an entry says otherwise.
    package var level: JournalEntry.Level { entry.level }

    /// The one table of events. systemd/signet.catalog explains each.
    private var entry: (messageID: String, level: JournalEntry.Level) {
        switch self {
        case .started: ("aeb73f424929400c97bc0326ba80f945", .info)
        case .ended: ("52add79d8b4243dabbcd23fd96b937af", .info)
        case .failed: ("02215836f8fd4eeaa1a55538871b2254", .error)
        case .orderTaken: ("af09628bac0e45c880abdbf60dbe0c4b", .notice)
        case .exchangeBegun: ("71de55cc328646e584014df881778684", .info)
        case .exchangeEnded: ("fb439a63079547c39772680f017bbcbf", .info)
        case .identityIssued: ("057377a6502742f392f08668b4a5fcd4", .notice)
        case .published: ("19a84159367740659871807fdbbcb291", .notice)
        case .withdrawn: ("0d645db30a294f68adbf7744d68c1cfd", .notice)
        case .tagChanged: ("834a9e2ad0c84aecaf2a15343cf01c7a", .warning)
        case .problemCleared: ("c02c0fca372e457bbda8c03e500d0c50", .info)
        case .installationRefused: ("791bacff7e824c0eaa53ed6c8d1702c4", .error)
        case .deviceRenewed: ("11501bda64b8451bbebd0ef8668da0a6", .warning)
        case .callerRefused: ("5a9e2091816645ff889f9645252c1f1f", .warning)
        case .orderRefused: ("135e4142ccc84f7ab9eddac7fac07e47", .warning)
        case .failureIgnored: ("43282c4fbd9c4237ac0c887c6c7e8682", .warning)
        }
    }
}
