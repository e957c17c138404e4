/// An error that a service replies with: its name, and what its interface says about it.
package struct VarlinkError: Error, Sendable, Equatable {
    /// The full name: `org.varlink.service.MethodNotFound`.
    package let name: String
    package let parameters: JSONValue

    package init(name: String, parameters: JSONValue = [:]) {
        self.name = name
        self.parameters = parameters
    }
}

// The errors that every service has (varlink.org, Service).
extension VarlinkError {
    /// The service has no interface of this name.
    package static func interfaceNotFound(_ interface: String) -> VarlinkError {
        VarlinkError(name: "org.varlink.service.InterfaceNotFound", parameters: ["interface": .string(interface)])
    }

    /// The interface has no method of this name.
    package static func methodNotFound(_ method: String) -> VarlinkError {
        VarlinkError(name: "org.varlink.service.MethodNotFound", parameters: ["method": .string(method)])
    }

    /// The interface has the method, and this service lacks it.
    package static func methodNotImplemented(_ method: String) -> VarlinkError {
        VarlinkError(name: "org.varlink.service.MethodNotImplemented", parameters: ["method": .string(method)])
    }

    /// A parameter is missing, of the wrong type, or has a value that the method does not take.
    package static func invalidParameter(_ parameter: String) -> VarlinkError {
        VarlinkError(name: "org.varlink.service.InvalidParameter", parameters: ["parameter": .string(parameter)])
    }

    /// Whoever calls may not call this method here.
    package static let permissionDenied = VarlinkError(name: "org.varlink.service.PermissionDenied")
}

extension VarlinkError: CustomStringConvertible {
    package var description: String {
        guard let parameters = try? parameters.rendered(), parameters != "{}" else { return name }
        return "\(name) \(parameters)"
    }
}
