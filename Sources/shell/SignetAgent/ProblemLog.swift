import Enrollment

extension ProfileRunner {
    /// Each problem is logged once when it arises and once when it is gone.
    func logChanges(from old: EnrollmentState, to new: EnrollmentState) {
        for problem in new.problems
        where old.problems.first(where: { $0.code == problem.code })?.detail != problem.detail {
            ports.log(
                problem.code.severity == .error ? .error : .warning,
                "\(name): \(problem.text); \(problem.code.remedy)",
                ["SIGNET_PROFILE": "\(name)", "SIGNET_PROBLEM": problem.code.rawValue])
        }
        for problem in old.problems where !new.has(problem.code) {
            ports.log(
                .info, "\(name): no longer: \(problem.code.sentence)",
                ["SIGNET_PROFILE": "\(name)", "SIGNET_PROBLEM": problem.code.rawValue])
        }
    }
}
