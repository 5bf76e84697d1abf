#!/usr/bin/env bash
# Builds the camera's programs for 64-bit ARM on this machine: toolchains/aarch64.sh [targets]. They lie in
# build/aarch64-release/bin. With --prepare it only makes what that takes. With --test [ctest options] it builds the unit tests
# of base, device, delivery and anpr for that processor too and passes them under qemu-user, but for those of
# toolchains/aarch64-skipped.txt, each for the reason that stands there.
#
# build/aarch64-sysroot gets Debian's libraries for arm64, unpacked; nothing is installed on this machine but the compiler.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/debian.sh"

mode=build
case "${1:-}" in
-h | --help)
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
--prepare | --test)
    mode="${1#--}"
    shift
    ;;
--*) die "there is no option $1: use --prepare, --test or none" ;;
esac

sysroot="$root/build/aarch64-sysroot"
need_files "$here/packages.txt" "$here/packages-aarch64.txt" "$here/aarch64-skipped.txt"
# What a compiler needs besides our libraries.
packages="libc6-dev libstdc++-12-dev $(names_in "$here/packages.txt" | sed -n '/-dev$/p' | tr '\n' ' ')"

# Only libraries and headers: qemu-user would take whatever else lies here, devices too, for the machine's own. A sysroot has no
# root: a link that begins with / would leave it. And alternatives are made by programs that never ran.
mend() {
    local tree="$1" to link library
    as_root find "$tree" -mindepth 1 -maxdepth 1 ! -name usr ! -name lib ! -name bin ! -name sbin -exec rm -rf {} +
    find "$tree" -type l -lname '/*' -printf '%l\t%p\n' | while IFS=$'\t' read -r to link; do
        as_root ln -sfnr "$tree$to" "$link"
    done
    for library in blas/libblas.so.3 lapack/liblapack.so.3; do
        as_root ln -sfn "$library" "$tree/usr/lib/aarch64-linux-gnu/${library#*/}"
    done
}

files_in() { find "$1" | wc -l; }

make_sysroot() {
    local key
    key="$(key_of "$packages" "$(declare -f unpack_arm64 mend)")"
    # Whole, as far as the number of files says.
    [ -n "${fetch_anew:-}" ] || [ ! -d "$sysroot" ] || [ "$(cat "$sysroot.key" 2>/dev/null || true)" != "$key $(files_in "$sysroot")" ] || return 0
    step "Unpacking the libraries for arm64 (300 MB to fetch, 1.4 GB)"
    mkdir -p "$root/build"
    need_space "$root/build" 3000
    unpack_arm64 "$sysroot" "$(tr ' ' '\n' <<<"$packages" | sed '/^$/d')"
    mend "$sysroot.part"
    rm -f "$sysroot.key"
    # A header that is another, and has an older date than what was compiled with the one before, would not count.
    rm -rf "$root/build/aarch64-release"
    as_root rm -rf "$sysroot"
    as_root mv "$sysroot.part" "$sysroot"
    echo "$key $(files_in "$sysroot")" >"$sysroot.key"
}

[ "$(uname -m)" != aarch64 ] || die "this machine is an arm64 one itself: build with the preset release"
(install_packages packages-aarch64.txt) || exit 77
make_sysroot
[ "$mode" != prepare ] || exit 0

programs=(waysided wayside-capture wayside-console wayside-network wayside-update wayside-wipe)
if [ "$mode" = build ]; then
    [ $# -gt 0 ] || set -- "${programs[@]}"
    build aarch64-release "$@"
    exit 0
fi

folders='base|device|delivery|anpr'
build aarch64-release "${programs[@]}"
mapfile -t tests < <(ninja -C build/aarch64-release -t targets all | sed -nE "s/^(tests_($folders)[a-z_]*): phony\$/\1/p")
build aarch64-release "${tests[@]}"
skipped="$(sed -e '/^#/d' "$here/aarch64-skipped.txt")"
step "Testing for arm64, under qemu-user"
while IFS=$'\t' read -r name reason; do say "skipped: $name ($reason)"; done <<<"$skipped"
ctest --test-dir build/aarch64-release --output-on-failure --no-tests=error --parallel "$(nproc)" -R "^($folders)/" \
    -LE long -E "^($(cut -f1 <<<"$skipped" | paste -sd'|'))\$" "$@" ||
    die "some tests failed; their output stands above, and ctest --test-dir build/aarch64-release -R NAME runs one again"
