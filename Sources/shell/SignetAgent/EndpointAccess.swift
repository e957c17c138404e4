import Profiles
package import Secrets
import X509

/// Who the device is to a server, whom it believes there, and which way leads there.
package struct EndpointAccess: Sendable {
    /// PEM of the CA certificates that an HTTPS server must chain to; nil for the system's.
    package var authorities: [UInt8]?
    /// The identity's certificate and chain, PEM, leaf first; empty where it shows none.
    package var certificates: [UInt8] = []
    /// PEM.
    package var key: Secret?
    /// A bearer token.
    package var token: Secret?
    package var login: Login?
    package var proxy: Proxy?

    package struct Proxy: Sendable {
        /// `http://HOST:PORT`
        package var url: String
        package var login: Login?
    }

    /// Has the device show an identity to a server that asks for one.
    mutating func show(_ generation: Generation, key: Secret?) {
        self.key = key
        certificates = ([generation.certificate] + generation.chain).flatMap {
            PEM.encode($0.der, label: PEM.certificateLabel)
        }
    }
}

extension AgentPorts {
    /// The proxy with its login, which is read when it is needed. Throws what says where that was looked for.
    func proxy(_ settings: ProxySettings?) throws -> EndpointAccess.Proxy? {
        guard let settings else { return nil }
        return EndpointAccess.Proxy(url: settings.url, login: try settings.credential.map(login))
    }

    /// The login in a credential. Throws what says where it was looked for.
    func login(_ name: String) throws -> Login {
        guard let login = Login(try credential(name)) else { throw NoLogin(credential: name) }
        return login
    }
}

/// What a credential holds is no login.
struct NoLogin: Error, CustomStringConvertible {
    let credential: String
    var description: String { "the credential '\(credential)' is no login: it must hold user:password, in one line" }
}
