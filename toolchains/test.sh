#!/usr/bin/env bash
# Sets up and passes the tests: toolchains/test.sh [preset] [ctest options]. Presets: release (default), dev, asan, tsan.
# Tests that need real pictures look for them in ../shared/data and say that they are skipped where it is absent.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case "${1:-}" in
-h | --help)
    sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac
preset=release
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    preset="$1"
    shift
fi
case "$preset" in
release | dev | asan | tsan) ;;
*) die "there is no preset \"$preset\": use release, dev, asan or tsan" ;;
esac

install_packages packages-training.txt packages-tests.txt
build "$preset"
step "Testing ($preset)"
cd "$root"
# One more than there are processors: many tests wait most of their time.
ctest --preset "$preset" --parallel "$(($(nproc) + 1))" "$@" || die "some tests failed; their output stands above, and ctest --preset $preset -R NAME runs one again"
