# shellcheck shell=bash
# What packaging's scripts share: talking, installing what they need, and Python. Source it from the project's root.

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# Ends the script with what is wrong and what to do.
stop() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        stop "'$*' needs root: run this as root, or install sudo"
    fi
}

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Installs the Debian packages that are missing. Nothing that they bring is started, now or at the next boot.
need_packages() {
    local package missing=()
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    if [[ ${#missing[@]} == 0 ]]; then return; fi
    command -v apt-get >/dev/null || stop "these packages are missing, and there is no apt-get: ${missing[*]}"
    say "Installing Debian packages: ${missing[*]}"
    install_unstarted "${missing[@]}" || stop "apt-get failed; install by hand, then run this again: ${missing[*]}"
    local service
    for service in nginx:nginx-light certmonger:certmonger squid:squid tinyproxy:tinyproxy; do
        if [[ " ${missing[*]} " == *" ${service#*:} "* ]]; then
            echo "(a ${service%:*} of its own is run when needed: the packaged service is kept from starting at boot)"
            as_root update-rc.d "${service%:*}" disable >/dev/null
        fi
    done
}

# Has apt-get install packages while invoke-rc.d is told to start none of their services. A shell of its own, whose end,
# however it comes, takes the file away again.
install_unstarted() (
    policy=/usr/sbin/policy-rc.d mark='# Placed by packaging/lib.sh of Signet while it installs packages.'
    # One that was killed could not.
    if grep -qsxF "$mark" "$policy"; then as_root rm -f "$policy" || exit; fi
    if [[ ! -e $policy ]]; then
        echo "($policy keeps their services from being started meanwhile; it is removed again)"
        trap 'trap "" HUP INT TERM; as_root rm -f "$policy"' EXIT
        trap 'exit 129' HUP
        trap 'exit 130' INT
        trap 'exit 143' TERM
        # invoke-rc.d asks this file before it starts a service (101: do not).
        printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null || exit
        as_root chmod 755 "$policy" || exit
    fi
    # `set -e` counts for nothing here, since the caller asks how it ended.
    as_root apt-get -qq update || exit
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"
)

need_swift() {
    command -v swift >/dev/null ||
        stop "swift is not on PATH: install Swift $(<.swift-version) from https://www.swift.org/install/linux/"
    local have
    # One that fails has no version, which is said below.
    have=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1) || true
    if [[ $(printf '%s\n6.3\n' "$have" | sort -V | head -n 1) != 6.3 ]]; then
        stop "Swift 6.3 or later is needed, 'swift --version' says ${have:-nothing}: see https://www.swift.org/install/linux/"
    fi
}

# Makes .build/python hold what Tests/servers/requirements.txt names. Afterwards $python runs it.
need_python() {
    local wanted=Tests/servers/requirements.txt stamp=.build/python/requirements.txt
    python=$PWD/.build/python/bin/python
    if cmp -s "$wanted" "$stamp" && "$python" -c '' 2>/dev/null; then return; fi
    say "Installing Python packages from PyPI into .build/python"
    sed 's/#.*//; /^$/d; s/^/  /' "$wanted"
    python3 -m venv --clear .build/python
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$stamp"
}

# Sets build_flags: what `swift build` takes for the programs as they ship. The figures are what each saves in signetd's
# resident memory.
set_build_flags() {
    # A folder before the system's ones, with no libstdc++ in it but the static one.
    local archives=$PWD/.build/archives
    mkdir -p "$archives"
    ln -sf "$(g++ -print-file-name=libstdc++.a)" "$archives/libstdc++.a"
    build_flags=(
        --configuration release
        # The package needs nothing but C libraries. GCC's exception permits libstdc++ and libgcc in it. 1.1 MB: no
        # other library here needs them.
        --static-swift-stdlib -Xlinker "-L$archives" -Xswiftc -Xclang-linker -Xswiftc -static-libgcc
        # Lazy binding would leave the table of functions writable.
        -Xlinker -z -Xlinker now
        # Our own code for size: 0.4 MB, and no slower that could be measured. Each function is one that the linker can
        # place.
        -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections
        # Swift's own linker, for what follows; 0.6 MB by itself. The number tells debuggers which build a core is of.
        -Xswiftc -use-ld=lld -Xlinker --build-id=sha1
        # 40,000 addresses to correct at the start take 20 kB rather than 1 MB; glibc 2.36. 0.9 MB.
        -Xlinker -z -Xlinker pack-relative-relocs
        # Swift has programs export all of their functions, for plug-ins. 0.5 MB. What Sources/c/CCurl/gnutls.c
        # answers has to be seen, though.
        -Xlinker --no-export-dynamic -Xlinker --export-dynamic-symbol=_gnutls_global_init_skip
    )
    # The kernel maps code by 64 KiB. What an enrollment runs, laid side by side by packaging/hot-functions: 2 MB.
    local order=$PWD/.build/hot-functions
    if [[ -s $order ]]; then
        build_flags+=(-Xlinker "--symbol-ordering-file=$order" -Xlinker --no-warn-symbol-ordering)
    fi
}

# Builds the three programs as they ship, into .build/release. Each alone: tests' targets cannot be linked statically.
build_programs() {
    local product build_flags
    set_build_flags
    for product in signetd signet-installd signetctl; do
        swift build "${build_flags[@]}" --product "$product" || stop "'$product' does not build: the messages above say why"
    done
}
