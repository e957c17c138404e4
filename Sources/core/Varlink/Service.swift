/// What a service is and which interfaces it has; answers every question about that, and routes all other calls.
package struct Service: Sendable {
    /// Who made it, what it is, and where to read about it.
    package struct Info: Sendable, Equatable {
        package let vendor: String
        package let product: String
        package let version: String
        package let url: String

        package init(vendor: String, product: String, version: String, url: String) {
            self.vendor = vendor
            self.product = product
            self.version = version
            self.url = url
        }
    }

    /// What is to be done with a call.
    package enum Route: Sendable {
        /// It has been answered: send this.
        case reply(Reply)
        /// The interface has this method: carry it out.
        case method(interface: String, name: String)
    }

    private static let name = "org.varlink.service"

    private let info: Info
    private let interfaces: [Interface]

    package init(_ info: Info, interfaces: [Interface]) {
        self.info = info
        self.interfaces = interfaces
    }

    /// Answers a call, or says which method it means.
    ///
    /// - Throws: `VarlinkError`, to be replied with.
    package func route(_ call: Call) throws -> Route {
        // No interface here hands its connection to another protocol.
        guard !call.upgrade else { throw VarlinkError.methodNotImplemented(call.method) }
        let method = String(call.method.dropFirst(call.interface.count + 1))
        if call.interface == Service.name { return .reply(try introspect(call, method: method)) }
        guard let interface = interfaces.first(where: { $0.name == call.interface }) else {
            throw VarlinkError.interfaceNotFound(call.interface)
        }
        guard interface.methods.contains(method) else { throw VarlinkError.methodNotFound(call.method) }
        return .method(interface: interface.name, name: method)
    }

    private func introspect(_ call: Call, method: String) throws -> Reply {
        switch method {
        case "GetInfo":
            let served = [Service.name] + interfaces.map(\.name)
            return try Reply(
                GetInfo(
                    vendor: info.vendor, product: info.product, version: info.version, url: info.url,
                    interfaces: served))
        case "GetInterfaceDescription":
            let wanted = try call.parameters(as: InterfaceName.self).interface
            if wanted == Service.name { return try Reply(Description(description: Interface.introspection)) }
            guard let interface = interfaces.first(where: { $0.name == wanted }) else {
                throw VarlinkError.interfaceNotFound(wanted)
            }
            return try Reply(Description(description: interface.description))
        default:
            throw VarlinkError.methodNotFound(call.method)
        }
    }

    private struct GetInfo: Encodable {
        let vendor: String
        let product: String
        let version: String
        let url: String
        let interfaces: [String]
    }

    private struct InterfaceName: Decodable { let interface: String }
    private struct Description: Encodable { let description: String }
}
