import ControlProtocol
import Testing

@testable import signetctl

struct TextTests {
    private let style = Style(width: 80, hasColours: false)

    @Test func `The status reads well at 80 columns`() {
        let text = StatusText.render(Samples.status, style: style, now: Samples.noon)
        #expect(
            text == """
                laptop-7, serial number PF3XYZ
                  agent        signet 0.1.0, OpenSSL 3.5.1
                  as of        2026-11-22 11:59 UTC (5 seconds ago)
                  next look    2026-11-22 12:50 UTC (in 50 minutes)
                  reports      2 waiting, the oldest since 2026-11-22 11:50 UTC (10 minutes ago)
                  warning      a profile is invalid: broken.toml:2:7: url: expected text
                               broken.toml:3:1: unknown key [profile-invalid]
                               since 2026-11-22 11:59 UTC (1 minute ago)
                               to do: correct the file

                access: active
                  device tag   valid-client-certificate
                               since 2026-11-21 12:00 UTC (24 hours ago)
                               until 2026-12-22 12:00 UTC (in 30 days)
                  certificate  CN=PF3XYZ,O=Example
                               generation 3, rsa-2048
                  issued by    CN=Issuing CA,O=Example
                  valid from   2026-09-23 12:00 UTC (60 days ago)
                  valid until  2026-12-22 12:00 UTC (in 30 days)
                  serial       0a1b2c
                  sha256       abababababababababababababababababababababababababababababababab
                  published    yes
                  next         renew at 2026-12-13 12:00 UTC (in 21 days)

                wifi: requesting
                  device tag   none
                               since 2026-11-22 10:00 UTC (2 hours ago)
                  certificate  none
                  under way    enroll, attempt 2: preparing
                  next         after this exchange
                  error        the SCEP server does not answer: https://pki.example.com/scep:
                               connection [31m refused [server-unreachable]
                               since 2026-11-22 10:00 UTC (2 hours ago)
                               to do: check scep.url, name resolution, proxy and firewall; it is
                               tried again by itself

                """)
    }

    @Test func `Only where no exchange is under way does nothing come by itself`() {
        var status = Samples.status
        status.profiles[1].transaction = nil
        let text = StatusText.render(status, style: style, now: Samples.noon)
        #expect(text.contains("  next         nothing by itself\n"))
        #expect(!text.contains("after this exchange"))
    }

    @Test func `Reports that were dropped are counted, whether others wait or not`() {
        var status = Samples.status
        status.outbox.dropped = 3
        let both = StatusText.render(status, style: style, now: Samples.noon)
        #expect(
            both.contains(
                "  reports      2 waiting, the oldest since 2026-11-22 11:50 UTC (10 minutes ago)\n"
                    + "               3 dropped\n"))
        status.outbox = .init(waiting: 0, dropped: 3)
        #expect(StatusText.render(status, style: style, now: Samples.noon).contains("  reports      3 dropped\n"))
        status.outbox = .init(waiting: 0)
        #expect(!StatusText.render(status, style: style, now: Samples.noon).contains("  reports"))
    }

    @Test func `A machine that nobody has named has a first line too`() {
        var status = Samples.status
        status.device.hostname = ""
        #expect(StatusText.render(status, style: style, now: Samples.noon).hasPrefix("this machine, serial number PF3"))
    }

    @Test func `What a server said neither steers the terminal nor turns the line around`() {
        #expect(printable("a\u{9B}31m\u{202E}b\u{2028}c") == "a 31m b c")
        #expect(printable("Ärger in 東京") == "Ärger in 東京")
    }

    @Test func `Tags read well at 80 columns`() {
        let tags = [
            TagsReply.Entry(profile: "access", tag: Samples.tag),
            TagsReply.Entry(profile: "wifi", tag: .init(value: "none", since: Samples.later(-7200))),
        ]
        #expect(
            TagText.render(tags, style: style, now: Samples.noon) == """
                access: valid-client-certificate
                  since 2026-11-21 12:00 UTC (24 hours ago)
                  until 2026-12-22 12:00 UTC (in 30 days)
                  pass     key.match       the key belongs to the certificate
                  (warn)   chain.complete  the intermediate certificate is missing from what is
                                           published to other programs
                                           to do: name it in install.chain

                wifi: none
                  since 2026-11-22 10:00 UTC (2 hours ago)

                """)
    }

    @Test(arguments: [60, 80, 120])
    func `No line is wider than the terminal, coloured or not`(width: Int) {
        for hasColours in [false, true] {
            let style = Style(width: width, hasColours: hasColours)
            let text =
                StatusText.render(Samples.status, style: style, now: Samples.noon)
                + TagText.render([.init(profile: "access", tag: Samples.tag)], style: style, now: Samples.noon)
            for line in text.split(separator: "\n") {
                #expect(uncoloured(line).count <= width, "\(line)")
                #expect(line.last != " ")
            }
        }
    }

    private func uncoloured(_ line: Substring) -> String {
        var line = String(line)
        for code in ["0", "1", "31", "32", "33"] { line.replace("\u{1B}[\(code)m", with: "") }
        return line
    }

    @Test func `Colours are there when asked for, and never a server's`() {
        let coloured = StatusText.render(
            Samples.status, style: Style(width: 80, hasColours: true), now: Samples.noon)
        #expect(coloured.contains("\u{1B}[1maccess\u{1B}[0m") && coloured.contains("\u{1B}[31m"))
        let plain = StatusText.render(Samples.status, style: style, now: Samples.noon)
        #expect(!plain.contains("\u{1B}"))
    }

    @Test func `A word that is longer than a line is broken`() {
        let text = Style(width: 40, hasColours: false).lines(String(repeating: "x", count: 50), indent: 15)
        #expect(
            text == String(repeating: " ", count: 15) + String(repeating: "x", count: 25) + "\n"
                + String(repeating: " ", count: 15)
                + String(repeating: "x", count: 25) + "\n")
    }

    @Test(arguments: [
        (0, "now"), (1, "in 1 second"), (-1, "1 second ago"), (59, "in 59 seconds"), (60, "in 1 minute"),
        (119, "in 1 minute"),
        (-7199, "119 minutes ago"), (7200, "in 2 hours"), (172_799, "in 47 hours"), (172_800, "in 2 days"),
        (86400 * 400, "in 400 days"),
    ])
    func `Times are told from now`(seconds: Int64, text: String) {
        #expect(Samples.later(seconds).relative(to: Samples.noon) == text)
    }
}
