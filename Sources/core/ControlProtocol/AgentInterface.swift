package import Varlink

/// `io.signet.Agent`: what `signetd` answers on its control and admin sockets.
package enum AgentInterface {
    package static let name = "io.signet.Agent"

    /// The interface in Varlink's language.
    package static let description = """
        # Signet keeps this machine's client certificates. Its control socket answers the methods that only read; the
        # admin socket answers all of them. All times are UTC: 2026-11-23T19:00:00Z.
        interface io.signet.Agent

        # Something that is wrong now. severity is warning or error.
        type Problem (code: string, severity: string, since: string, text: string, remedy: string)

        # One of the checks behind a device tag. The tag depends on the hard ones.
        type Check (id: string, result: (pass, warn, fail, unknown, skip), hard: bool, text: string, remedy: ?string)

        # The device tag: valid-client-certificate, else the first reason why not.
        type Tag (value: string, since: string, valid_until: ?string, checks: []Check)

        # A profile's current certificate.
        type Identity (
          generation: int,
          subject: string,
          issuer: string,
          serial: string,
          sha256: string,
          not_before: string,
          not_after: string,
          key: string
        )

        # One profile. published is the generation that programs on this machine find; next_identity is what the CA's
        # successor issued, for when its time comes.
        type Profile (
          name: string,
          state: (none, requesting, pending, active, renewing, failed),
          identity: ?Identity,
          next_identity: ?Identity,
          published: ?int,
          transaction: ?(id: ?string, kind: string, step: string, attempt: int),
          next: ?(action: string, at: string),
          tag: Tag,
          problems: []Problem
        )

        # The whole of it; /run/signet/public/status.json holds the same.
        type Status (
          schema_version: int,
          written_at: string,
          next_tick: ?string,
          agent: (version: string, openssl: string),
          device: (id: string, hostname: string, serial_number: ?string),
          outbox: (waiting: int, oldest: ?string, dropped: ?int),
          problems: []Problem,
          profiles: []Profile
        )

        # Answers with the status, of one profile or of all. With 'more', answers again after every change.
        method GetStatus(profile: ?string) -> (status: Status)

        # Renews a profile's certificate now. Answers with the new generation; with 'more', before that with each step as
        # it happens. A renewal goes on when the caller goes away. Without a generation at the end, the CA waits for a
        # person. Admin socket only.
        method Renew(profile: string) -> (step: ?string, at: ?string, problem: ?Problem, generation: ?int)

        # The same for an enrollment from scratch, with a new key and the challenge. Admin socket only.
        method Enroll(profile: string) -> (step: ?string, at: ?string, problem: ?Problem, generation: ?int)

        # Judges the device tag now, of one profile or of all, from what is on this machine.
        method EvaluateTag(profile: ?string) -> (tags: [](profile: string, tag: Tag))

        # Sends the reports that wait, and a heartbeat, to the management endpoint now. Answers with how many it accepted
        # and how many still wait; then the problem says why. Admin socket only.
        method SendReport() -> (sent: int, waiting: int, problem: ?Problem)

        # A certificate that a SCEP server offers. Nobody vouches for it.
        type OfferedCertificate (
          role: (root, authority, registration),
          subject: string,
          issuer: string,
          sha256: string,
          key: string,
          not_before: string,
          not_after: string,
          takes_requests: bool,
          signs_replies: bool
        )

        # In what a server differs from what is usual, and what to do about it.
        type Finding (code: string, text: string, remedy: string)

        # Looks at a SCEP server: its capabilities and certificates, in what it differs, and a profile, in TOML, that would
        # use it. ca_identifier says which of its CAs is meant; tls_ca is PEM of the CA that its TLS certificate must lead to,
        # in place of the system's. Nothing changes there or here, and nothing found is
        # authentic before a person has compared fingerprints. Admin socket only.
        method Probe(url: string, ca_identifier: ?string, tls_ca: ?string) -> (
          url: string,
          capabilities: []string,
          certificates: []OfferedCertificate,
          findings: []Finding,
          authenticated: bool,
          usable: bool,
          profile: string
        )

        # There is no profile of this name.
        error NoSuchProfile (profile: string)

        # Another exchange for this profile is under way.
        error Busy (profile: string)

        # It failed; the problem says why and what to do.
        error Failed (problem: Problem)

        """

    /// The interface as a service serves it.
    package static let interface = Interface(name: name, description: description)
}
