import Reports

extension ProfileRunner {
    /// What may be reported of this profile; nil before its folder was read.
    func observation() -> Observation.Profile? {
        isStarted ? Observation.Profile(status(), isJudged: verdict != nil) : nil
    }
}
