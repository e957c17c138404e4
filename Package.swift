// swift-tools-version: 6.2
import PackageDescription

// The floors of the house, bottom to top. Each target sees only what its list names; Tests/HouseTests checks
// that sources keep to it. README.md shows the picture.

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func floor(
    _ floor: String, _ name: String, _ dependencies: [Target.Dependency] = [], unsafe: Bool = false
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(floor)/\(name)",
        swiftSettings: swiftSettings + (unsafe ? [.strictMemorySafety()] : []))
}

func core(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    floor("core", name, dependencies)
}

/// Adapters own foreign libraries and system calls, so every unsafe expression in them is spelled out.
func adapter(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    floor("adapters", name, dependencies, unsafe: true)
}

func shell(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    floor("shell", name, dependencies)
}

func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/programs/\(name)", swiftSettings: swiftSettings)
}

func c(_ name: String, links libraries: String...) -> Target {
    .target(name: name, path: "Sources/c/\(name)", linkerSettings: libraries.map { .linkedLibrary($0) })
}

func tests(_ floor: String, _ name: String, _ dependencies: Target.Dependency..., resources: [Resource] = []) -> Target
{
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(floor)/\(name)", resources: resources,
        swiftSettings: swiftSettings)
}

let package = Package(
    name: "signet",
    products: [
        .executable(name: "signetd", targets: ["signetd"]),
        .executable(name: "signet-installd", targets: ["signet-installd"]),
        .executable(name: "signetctl", targets: ["signetctl"]),
        .library(name: "SCEPClient", targets: ["SCEPClient"]),
    ],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")],
    targets: [
        // c: foreign headers, and shims for what Swift's importer cannot see.
        c("COpenSSL", links: "crypto"),
        c("CHMAC"),
        c("CCurl"),
        c("CSystemd", links: "systemd"),
        c("CLinux"),
        c("CTOML", links: "stdc++"),

        // core: decides. No IO, clock or randomness.
        core("Faults"),
        core("JournalEntries"),
        core("Secrets", "CLinux"),
        core("X509", "Faults"),
        core("Profiles", "Faults", "X509"),
        core("SCEP", "Faults", "Secrets", "X509"),
        core("Challenges", "Faults", "Secrets"),
        core("Enrollment", "JournalEntries", "Secrets", "SCEP", "X509"),
        core("DeviceTag", "Secrets", "X509"),
        core("Installation", "Faults", "Secrets", "X509", "Profiles", "SCEP"),
        core("Varlink", "CLinux", "Faults", "Secrets"),
        core("ControlProtocol", "Secrets", "Varlink"),
        core("Reports", "ControlProtocol"),

        // adapters: one foreign thing each; never import one another.
        adapter("OpenSSLCrypto", "COpenSSL", "Faults", "Secrets", "X509", "SCEP", "DeviceTag"),
        adapter("CurlTransport", "CCurl", "Faults", "Secrets", "SCEP"),
        adapter("DurableFiles", "CLinux", "Faults", "Secrets"),
        adapter("LocalSocket", "CLinux", "Faults", "Secrets", "Varlink"),
        adapter("SystemdHost", "CSystemd", "CLinux", "Faults", "JournalEntries", "Secrets"),
        adapter("MachineFacts", "CHMAC", "CLinux", "Profiles"),
        adapter("TrustStores", "CLinux", "Faults", "Installation", "X509"),
        adapter("TOMLConfiguration", "CTOML", "CLinux", "Faults", "X509", "Profiles"),

        // shell: does what the core decided.
        floor("shell", "SCEPClient", ["Faults", "Secrets", "X509", "SCEP", "OpenSSLCrypto", "CurlTransport"]),
        shell(
            "SignetAgent", "Faults", "JournalEntries", "Secrets", "X509", "Profiles", "SCEP", "Challenges",
            "Enrollment",
            "DeviceTag", "Installation", "Varlink", "ControlProtocol", "Reports"),
        shell(
            "SignetInstaller", "Faults", "JournalEntries", "Secrets", "X509", "Profiles", "Installation", "Varlink",
            "ControlProtocol"),

        program(
            "signetd", "SignetAgent", "Faults", "JournalEntries", "Secrets", "X509", "Profiles", "SCEP", "Enrollment",
            "DeviceTag", "Installation", "Varlink", "ControlProtocol", "OpenSSLCrypto", "CurlTransport",
            "DurableFiles", "LocalSocket", "SystemdHost", "MachineFacts", "TrustStores", "TOMLConfiguration"),
        program(
            "signet-installd", "SignetInstaller", "Faults", "JournalEntries", "Secrets", "X509", "Profiles",
            "SCEP", "Installation", "Varlink", "ControlProtocol", "OpenSSLCrypto", "DurableFiles", "LocalSocket",
            "SystemdHost", "MachineFacts", "TrustStores", "TOMLConfiguration"),
        program(
            "signetctl", "Faults", "X509", "Profiles", "Varlink", "ControlProtocol", "LocalSocket", "MachineFacts",
            "TOMLConfiguration", .product(name: "ArgumentParser", package: "swift-argument-parser")),

        .target(name: "TestCatalog", path: "Tests/support/TestCatalog", swiftSettings: swiftSettings),
        .target(
            name: "TestPKI", dependencies: ["COpenSSL", "X509"], path: "Tests/support/TestPKI",
            swiftSettings: swiftSettings),
        .target(
            name: "TestFiles", dependencies: ["DurableFiles"], path: "Tests/support/TestFiles",
            swiftSettings: swiftSettings),
        .target(
            name: "TestInstallation",
            dependencies: ["Secrets", "X509", "Profiles", "Installation", "OpenSSLCrypto", "TestPKI"],
            path: "Tests/support/TestInstallation", swiftSettings: swiftSettings),
        .target(
            name: "TestCryptography", dependencies: ["Secrets", "X509", "SCEP", "OpenSSLCrypto"],
            path: "Tests/support/TestCryptography", swiftSettings: swiftSettings),
        .target(name: "CSanitizers", path: "Tests/support/CSanitizers"),
        .target(name: "TestServers", path: "Tests/support/TestServers", swiftSettings: swiftSettings),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Faults", "Secrets", "X509", "Profiles", "SCEP", "DeviceTag", "Varlink", "ControlProtocol", "Reports",
                "OpenSSLCrypto", "CurlTransport", "TOMLConfiguration", "TestPKI", "TestServers",
            ],
            path: "Tests/support/FuzzTargets", swiftSettings: swiftSettings),
        .testTarget(
            name: "CorpusTests",
            dependencies: ["Faults", "SCEP", "Secrets", "X509", "OpenSSLCrypto", "FuzzTargets", "TestCryptography"],
            path: "Tests/CorpusTests", swiftSettings: swiftSettings),
        .testTarget(name: "HouseTests", path: "Tests/HouseTests", swiftSettings: swiftSettings),
        tests("core", "X509Tests", "Faults", "X509", "TestPKI"),
        tests("core", "ProfilesTests", "Faults", "X509", "Profiles"),
        tests("core", "SCEPTests", "Faults", "Secrets", "X509", "SCEP", "OpenSSLCrypto", "TestPKI"),
        tests("core", "ChallengesTests", "Faults", "Secrets", "Challenges"),
        tests("core", "JournalEntriesTests", "Enrollment", "JournalEntries", "TestCatalog"),
        tests("core", "EnrollmentTests", "JournalEntries", "SCEP", "Enrollment", "OpenSSLCrypto", "TestCatalog"),
        tests("core", "DeviceTagTests", "Secrets", "X509", "DeviceTag", "OpenSSLCrypto", "TestPKI"),
        tests(
            "core", "InstallationTests", "Faults", "Secrets", "X509", "Profiles", "Installation", "OpenSSLCrypto",
            "TestInstallation", "TestPKI"),
        tests("core", "VarlinkTests", "Faults", "Secrets", "Varlink"),
        tests("core", "ControlProtocolTests", "Faults", "Secrets", "Varlink", "ControlProtocol"),
        tests("core", "ReportsTests", "ControlProtocol", "Varlink", "Reports"),
        tests(
            "adapters", "OpenSSLCryptoTests", "Faults", "Secrets", "X509", "SCEP", "DeviceTag", "OpenSSLCrypto",
            "TestFiles", "TestPKI"),
        tests(
            "adapters", "CurlTransportTests", "Faults", "Secrets", "SCEP", "CurlTransport", "TestFiles", "TestServers"),
        tests("adapters", "DurableFilesTests", "Faults", "Secrets", "DurableFiles", "TestFiles"),
        tests(
            "adapters", "LocalSocketTests", "Faults", "Secrets", "Varlink", "LocalSocket", "TestFiles", "CSanitizers"),
        tests("adapters", "SystemdHostTests", "Faults", "JournalEntries", "Secrets", "SystemdHost", "TestFiles"),
        tests("adapters", "MachineFactsTests", "CSystemd", "Profiles", "MachineFacts", "TestFiles"),
        tests(
            "adapters", "TrustStoresTests", "Faults", "X509", "Profiles", "Installation", "TrustStores",
            "DurableFiles", "OpenSSLCrypto", "TestFiles", "TestInstallation", "TestPKI"),
        tests("adapters", "TOMLConfigurationTests", "Faults", "X509", "Profiles", "TOMLConfiguration", "TestFiles"),
        tests(
            "programs", "SignetctlTests", "Faults", "X509", "Varlink", "ControlProtocol", "LocalSocket",
            "TOMLConfiguration", "signetctl", "TestFiles", "TestPKI"),
        tests(
            "shell", "SCEPClientTests", "Secrets", "X509", "SCEP", "OpenSSLCrypto", "SCEPClient", "TestPKI",
            "TestServers"),
        tests(
            "shell", "SignetAgentTests", "Faults", "JournalEntries", "Secrets", "X509", "Profiles", "SCEP",
            "Enrollment", "DeviceTag", "Installation", "Varlink", "ControlProtocol", "Reports", "SignetAgent",
            "OpenSSLCrypto", "DurableFiles", "TestCatalog", "TestCryptography", "TestFiles", "TestPKI"),
        tests(
            "shell", "SignetInstallerTests", "Faults", "JournalEntries", "Secrets", "X509", "Profiles", "Installation",
            "Varlink", "ControlProtocol", "SignetInstaller", "OpenSSLCrypto", "DurableFiles", "TrustStores",
            "TOMLConfiguration", "TestFiles", "TestInstallation", "TestPKI"),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
