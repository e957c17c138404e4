import Secrets

/// A login as libcurl takes it: name and password, each with its NUL.
struct CurlLogin: Sendable {
    private let user: Secret
    private let password: Secret

    init(_ login: Login) {
        (user, password) = (Self.terminated(login.user), Self.terminated(login.password))
    }

    /// Lends both for the length of `body`.
    func withCStrings<Result>(_ body: (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Result) -> Result {
        unsafe user.withBytes { user in
            unsafe password.withBytes { password in
                unsafe body(
                    user.bindMemory(to: CChar.self).baseAddress, password.bindMemory(to: CChar.self).baseAddress)
            }
        }
    }

    private static func terminated(_ secret: Secret) -> Secret {
        unsafe Secret(capacity: secret.count + 1) { target in
            unsafe secret.withBytes { unsafe target.copyMemory(from: $0) }
            return secret.count + 1
        }
    }
}
