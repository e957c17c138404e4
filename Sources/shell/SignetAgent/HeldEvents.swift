import Enrollment

extension EnrollmentEvent {
    /// Whether a later event says all that this one did: whoever asks often must not make the held ones many.
    func isOutdated(by later: EnrollmentEvent) -> Bool {
        switch (self, later) {
        case (.ticked, .ticked), (.repaired, .repaired), (.tagged, .tagged), (.revocation, .revocation),
            (.publicationAltered, .publicationAltered):
            true
        default: false
        }
    }
}
