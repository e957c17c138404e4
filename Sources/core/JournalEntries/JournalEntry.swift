/// One entry of the journal, as a value: what it is about, what it says, and what programs find it by.
package struct JournalEntry: Sendable, Equatable {
    /// syslog's levels (syslog(3)); raw values are theirs.
    package enum Level: Int32, Sendable, CaseIterable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
    }

    /// The `MESSAGE_ID`: 128 bits as 32 lower-case hexadecimal digits, one for each kind of entry
    /// (systemd.journal-fields(7)). systemd/signet.catalog explains each.
    package let messageID: String
    package let level: Level
    /// For people; never a secret.
    package let message: String
    /// What is known; never a secret.
    package let fields: [JournalField: String]

    package init(messageID: String, level: Level, message: String, fields: [JournalField: String]) {
        self.messageID = messageID
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// - Parameter level: where it is not the event's usual one.
    package init(
        _ event: JournalEvent, _ message: String, _ fields: [JournalField: String] = [:], level: Level? = nil
    ) {
        self.init(messageID: event.messageID, level: level ?? event.level, message: message, fields: fields)
    }
}

/// The journal fields that are Signet's own; raw values are their names, and stable.
package enum JournalField: String, Sendable, CaseIterable {
    case profile = "SIGNET_PROFILE"
    /// The exchange's SCEP transactionID.
    case transaction = "SIGNET_TRANSACTION"
    /// The number of the identity: the one that the entry is about, else the one in use.
    case generation = "SIGNET_GENERATION"
    /// A problem's code, or an installer's refusal's.
    case problem = "SIGNET_PROBLEM"
    /// What to do about the problem.
    case remedy = "SIGNET_REMEDY"
    /// The device tag's value.
    case tag = "SIGNET_TAG"
    /// How far an exchange is: preparing, sent or pending.
    case step = "SIGNET_STEP"
    /// The certificate's SHA-256, lower-case hexadecimal.
    case fingerprint = "SIGNET_SHA256"
    /// The process that called, as the kernel noted it when it connected.
    case callerProcess = "SIGNET_CALLER_PID"
    /// Whose process it was; absent where the kernel does not tell.
    case callerUser = "SIGNET_CALLER_UID"
}
