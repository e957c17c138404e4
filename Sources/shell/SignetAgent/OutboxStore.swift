import ControlProtocol
import Enrollment
import FoundationEssentials
import Reports

/// `reports.json` and `outbox/NNNN.json`: what was reported, and reports that wait. Owns the layout and nothing else.
struct OutboxStore: Sendable {
    private let files: any StateFiles
    private static let folder = "outbox"
    private static let stateFile = "reports.json"
    private static let limit = 4 * 1024 * 1024

    init(files: any StateFiles) {
        self.files = files
    }

    /// What lies on the disk. Reports that the state does not count yet were being written when the process ended: they
    /// go, since the difference that they told is found again.
    ///
    /// - Returns: how many reports could not be read, too; they are gone.
    func load() throws -> (state: ReportState, outbox: Outbox, unreadable: Int) {
        let kept = try files.read(Self.stateFile, limit: Self.limit)
        var state =
            try kept.map { try StateJSON.decode(ReportState.self, from: $0, version: ReportState.knownVersion) }
            ?? ReportState()
        var outbox = Outbox()
        var unreadable = 0
        for sequence in try sequences() {
            if kept == nil { state.skip(past: sequence) }
            guard kept != nil, sequence < state.nextSequence else {
                try remove(sequence)
                continue
            }
            if let json = try read(sequence), let entry = try? Outbox.Entry(sequence: sequence, json: json) {
                for dropped in outbox.add(entry) { try remove(dropped) }
            } else {
                try remove(sequence)
                unreadable += 1
            }
        }
        state.drop(unreadable)
        return (state, outbox, unreadable)
    }

    func save(_ state: ReportState) throws {
        let kept = try files.read(Self.stateFile, limit: Self.limit)
        let others = kept.flatMap { try? UnknownFields(in: $0, besides: ReportState.fieldNames) } ?? UnknownFields()
        try files.write(try others.json(with: state), to: Self.stateFile, mode: 0o600)
    }

    func write(_ json: [UInt8], _ sequence: Int64) throws {
        try files.makeFolder(Self.folder)
        try files.write(json, to: path(sequence), mode: 0o600)
    }

    /// nil where somebody removed it.
    func read(_ sequence: Int64) throws -> [UInt8]? { try files.read(path(sequence), limit: Self.limit) }

    func remove(_ sequence: Int64) throws { try files.remove(path(sequence)) }

    private func sequences() throws -> [Int64] {
        try files.names(in: Self.folder).compactMap { name in
            name.hasSuffix(".json") ? Int64(name.dropLast(".json".count)) : nil
        }.filter { $0 > 0 }.sorted()
    }

    private func path(_ sequence: Int64) -> String { "\(Self.folder)/\(Report.text(sequence)).json" }
}
