import FoundationEssentials
import X509

/// Key, time and names.
extension TagJudgement {
    private static let enrollAnew = "Get a new key and certificate: 'signetctl enroll PROFILE'."

    func keyPresent() -> Finding {
        switch evidence.key {
        case .absent: .fail("The certificate's private key is not there.", Self.enrollAnew)
        case .unreadable(let reason):
            .fail(
                "The private key cannot be read: \(reason).",
                "Restore it, or the right to read it; if it is lost: 'signetctl enroll PROFILE'.")
        case .copied:
            .fail("The private key is another machine's: this one has a copy of its disk.", Self.enrollAnew)
        case .foreign, .signsNot, .proven: .pass("The private key is there.")
        }
    }

    func keyMatch() -> Finding {
        switch evidence.key {
        case .absent, .unreadable, .copied: .skip("Without the device's key there is nothing to compare.")
        case .foreign: .fail("The private key belongs to another certificate.", Self.enrollAnew)
        case .signsNot, .proven: .pass("The private key belongs to the certificate.")
        }
    }

    func keySign() -> Finding {
        switch evidence.key {
        case .absent, .unreadable, .copied, .foreign:
            .skip("Without the certificate's own key there is nothing to try.")
        case .signsNot(let reason):
            .fail("The private key makes no signature that verifies: \(reason).", Self.enrollAnew)
        case .proven: .pass("A signature made with the private key just now verifies.")
        }
    }

    func timeValid() -> Finding {
        let (start, end) = (spelled(certificate.notBefore), spelled(certificate.notAfter))
        if now < certificate.notBefore {
            return .fail(
                "The certificate is not valid before \(start); the clock says \(spelled(now)).",
                "Check the device's clock ('timedatectl'); if it is right, wait until then.")
        }
        guard now < certificate.notAfter else {
            return .fail(
                "The certificate ended at \(end); the clock says \(spelled(now)).",
                "Check the device's clock ('timedatectl'); if it is right, 'signetctl renew PROFILE', or 'signetctl"
                    + " enroll PROFILE' where the PKI renews no expired certificate.")
        }
        return .pass("The certificate is valid from \(start) to \(end).")
    }

    /// Renewal is due no later than notAfter − L/10, L being the lifetime. Half of that time is left for retries: with
    /// less than L/20 to go, renewal has kept failing, and somebody should look before the device is locked out.
    var isRenewalOverdue: Bool {
        let lifetime = certificate.notAfter.timeIntervalSince(certificate.notBefore)
        return !evidence.isSucceeded && certificate.notAfter.timeIntervalSince(now) < lifetime / 20
    }

    func expirySoon() -> Finding {
        guard now < certificate.notAfter else { return .skip("The certificate has ended.") }
        guard isRenewalOverdue else { return .pass("Renewal is not overdue.") }
        return .warn(
            "The certificate ends at \(spelled(certificate.notAfter)) and has not been renewed in time.",
            "See why in 'signetctl status', and try 'signetctl renew PROFILE'.")
    }

    /// A browser shows what was published. An earlier identity that is still valid lets the device in all the same.
    func published() -> Finding {
        let remedy = "See the profile's problems in 'signetctl status': they say why it could not be published."
        switch evidence.publication {
        case .current: return .pass("The certificate is published.")
        case .earlier(let notAfter) where now < notAfter:
            return .warn("The certificate before this one is still the one that is published.", remedy)
        case .earlier, .absent:
            return .fail("The certificate is not published: programs on this device do not find it.", remedy)
        }
    }

    func subject() -> Finding {
        guard let wanted = rules.subject else { return .skip("The profile's subject cannot be rendered.") }
        guard wanted.accepts(certificate.subject) else {
            return .warn(
                "The certificate's subject is \(certificate.subject), and the profile asks for \(wanted).",
                "If the device changed, 'signetctl renew PROFILE'; if the PKI sets its own subjects, say which in the"
                    + " profile's subject.issued-name.")
        }
        let present = Set(certificate.alternativeNames.map(comparable))
        guard rules.alternativeNames.allSatisfy({ present.contains(comparable($0)) }) else {
            return .warn(
                "The certificate lacks an alternative name that the profile asks for.",
                "If the device changed, 'signetctl renew PROFILE'; if the PKI drops alternative names, take them out of"
                    + " the profile's [subject].")
        }
        return .pass("Subject and alternative names are those of the profile.")
    }

    /// Host names have no case (RFC 5280 §4.2.1.6, §7.2).
    private func comparable(_ name: GeneralName) -> GeneralName {
        if case .dns(let host) = name { return .dns(host.lowercased()) }
        return name
    }
}
