# Shared by the scripts of this folder: say what is done, stop with one clear sentence. Sourced, not run.
# shellcheck shell=bash
set -Eeuo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$here")"

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
say() { printf '   %s\n' "$*"; }
stop_with() {
    trap - ERR
    printf '\n%s: %s\n' "$(basename "$0")" "${*:2}" >&2
    exit "$1"
}
die() { stop_with 1 "$*"; }
# What this machine lacks, and no fault of what is built on it: status 77, which ctest takes for a test that is skipped.
cannot() { stop_with 77 "$*"; }
# A command nobody expected to fail still ends in a sentence with its place.
trap 'die "stopped at line $LINENO: \"$BASH_COMMAND\" failed; the lines above say why"' ERR

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root to run \"$*\": run this script as root, or install sudo"
    fi
}

# install_packages [more lists...]: installs what is missing of packages.txt and them; quick and silent where nothing is.
install_packages() {
    local lists=("$here/packages.txt") list wanted missing
    for list in "$@"; do lists+=("$here/$list"); done
    [ -r /etc/debian_version ] || die "this is not Debian: install the packages named in toolchains/packages*.txt by hand, then use cmake --preset release"
    wanted="$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "${lists[@]}")"
    missing="$(for p in $wanted; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] || echo "$p"
    done)"
    [ -n "$missing" ] || return 0
    step "Installing $(wc -w <<<"$missing") Debian packages"
    as_root apt-get -o DPkg::Lock::Timeout=300 -q update ||
        die "apt-get update failed: check the network and /etc/apt/sources.list"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y \
        -o Dpkg::Use-Pty=0 --no-install-recommends install $missing ||
        die "could not install: $(tr '\n' ' ' <<<"$missing"); Debian 12 (bookworm) has them all: check /etc/apt/sources.list"
}

# build <preset> [targets...]: configures and builds; ninja prints the progress.
build() {
    local preset="$1"
    shift
    cd "$root"
    if [ ! -f "build/$preset/build.ninja" ]; then
        step "Configuring ($preset)"
        mkdir -p build
        cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || {
            tail -20 "build/configure-$preset.log" >&2
            die "configuring failed; the whole log is in build/configure-$preset.log"
        }
    fi
    step "Building ($preset)"
    cmake --build --preset "$preset" --parallel "$(nproc)" ${*:+--target "$@"} ||
        die "the build failed; the first error above says where"
}
