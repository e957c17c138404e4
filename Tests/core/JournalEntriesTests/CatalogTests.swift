import Enrollment
import FoundationEssentials
import JournalEntries
import TestCatalog
import Testing

@Suite("The message catalog")
struct CatalogTests {
    private let catalog: Catalog

    init() throws { catalog = try Catalog.shipped() }

    @Test func `has one entry for each id of the tables, and no other`() {
        let ids = JournalEvent.allCases.map(\.messageID) + ProblemCode.allCases.map(\.messageID)
        #expect(catalog.entries.map(\.id).sorted() == ids.sorted())
    }

    @Test(arguments: ProblemCode.allCases)
    func `says of a problem what the table says`(code: ProblemCode) throws {
        let entry = try #require(catalog.entries.first { $0.id == code.messageID }, "no entry for \(code.rawValue)")
        let sentence = code.sentence.prefix(1).uppercased() + code.sentence.dropFirst()
        #expect(entry.headers["Subject"] == sentence)
        #expect(entry.text.hasSuffix(" What to do: \(code.remedy)."))
        let ways = [JournalEntry(raised: Problem(code, since: Date(timeIntervalSince1970: 0), detail: ""))]
        let fields =
            ways.flatMap(\.fields.keys).map(\.rawValue) + (Self.ofTheDevice.contains(code) ? [] : ["SIGNET_PROFILE"])
        #expect(catalog.unfilled(code.messageID, fields: fields) == [])
    }

    /// Problems that may be nobody's profile's: the agent's own files, and reports.
    private static let ofTheDevice: Set<ProblemCode> = [
        .storage, .stateUnreadable, .profileInvalid, .endpointUnreachable, .endpointFailing, .endpointRefusesDevice,
        .endpointCredential, .reportRefused, .reportsNotKept,
    ]

    @Test func `explains each entry in sentences, and says whose it is`() {
        for entry in catalog.entries {
            #expect(entry.headers["Subject"]?.isEmpty == false, "\(entry.id)")
            #expect(entry.headers["Defined-By"] == "Signet", "\(entry.id)")
            #expect(entry.headers["Documentation"]?.hasPrefix("man:signet") == true, "\(entry.id)")
            #expect(entry.text.count > 40, "\(entry.id)")
        }
    }

    @Test func `an entry whose field is missing is found`() {
        let catalog = Catalog("# c\n\n-- 01\nSubject: a\n\nSee @SIGNET_PROFILE@\nand @SIGNET_TAG@.\n")
        #expect(catalog.unfilled("01", fields: ["SIGNET_TAG"]) == ["SIGNET_PROFILE"])
        #expect(catalog.unfilled("02", fields: []) == ["no entry 02"])
    }
}
