/// The release that this is, as programs, introspection and requests name it.
package enum Release {
    package static let version = "0.1.0"
}
