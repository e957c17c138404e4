package import Faults

/// What a file operation fails with. `attempted` names the path, `got` the errno, `expected` what to do about it.
package typealias FileFault = Fault<FileFaultCode>

/// Why a file operation failed.
package enum FileFaultCode: String, FaultCode {
    /// Nothing is there.
    case missing
    /// Something is there already.
    case alreadyExists = "already-exists"
    /// The file system, or the owner's quota, is full.
    case diskFull = "disk-full"
    /// The user may not do this.
    case notPermitted = "not-permitted"
    /// The file system is mounted read-only.
    case readOnly = "read-only"
    /// A folder, device, socket or symbolic link stands where a regular file belongs.
    case notRegularFile = "not-regular-file"
    /// Something else stands where a folder belongs.
    case notDirectory = "not-directory"
    /// Something else stands where a symbolic link belongs.
    case notLink = "not-link"
    /// More bytes or entries than the caller's limit.
    case tooLarge = "too-large"
    /// Folders are nested deeper than the limit.
    case tooDeep = "too-deep"
    /// A path that names no file: empty, ending in `..`, or with a NUL in it.
    case invalidPath = "invalid-path"
    /// No descriptor is left.
    case tooManyOpenFiles = "too-many-open-files"
    /// The device or the file system failed.
    case ioFailure = "io-failure"
}

extension FileFaultCode {
    /// The code that an errno stands for.
    init(_ error: SystemError) {
        self =
            switch error {
            case .missing: .missing
            case .exists, .notEmpty: .alreadyExists
            case .noSpace, .quota: .diskFull
            case .accessDenied, .notPermitted: .notPermitted
            case .readOnlyFileSystem: .readOnly
            case .notDirectory: .notDirectory
            case .isDirectory, .tooManyLinks: .notRegularFile
            case .nameTooLong, .invalidArgument: .invalidPath
            case .tooManyDescriptors, .tooManyDescriptorsInSystem: .tooManyOpenFiles
            default: .ioFailure
            }
    }

    /// What a person does about it.
    var remedy: String {
        switch self {
        case .missing: "the file to exist: create it, or correct the path that names it"
        case .alreadyExists: "nothing to stand there: remove it if it is not needed"
        case .diskFull: "free space: remove files or enlarge the file system (see df)"
        case .notPermitted: "permission: check owner and mode of the file and of every folder above it (see namei -l)"
        case .readOnly: "a writable file system: remount it, or let the service's unit write there (ReadWritePaths=)"
        case .notRegularFile: "a regular file: remove what stands there instead"
        case .notDirectory: "a folder, not a link to one: remove what stands there instead"
        case .notLink: "a symbolic link: remove what stands there instead"
        case .tooLarge: "no more than the limit: check that this is the right file"
        case .tooDeep: "fewer nested folders: remove the tree by hand"
        case .invalidPath: "the path of a file: correct it"
        case .tooManyOpenFiles: "a free descriptor: raise the service's LimitNOFILE="
        case .ioFailure: "a working file system: see the kernel's log (journalctl -k)"
        }
    }
}

extension FileFault {
    init(_ error: SystemError, _ attempted: String) {
        let code = FileFaultCode(error)
        self.init(code, attempted: attempted, expected: code.remedy, got: error.description)
    }

    init(_ code: FileFaultCode, _ attempted: String, got: String) {
        self.init(code, attempted: attempted, expected: code.remedy, got: got)
    }
}
