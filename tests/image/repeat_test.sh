#!/usr/bin/env bash
# Does the same commit give the same image? Run by ctest, for a quarter of an hour. Leaves with 77, which ctest shows as skipped,
# where no image was built here yet, or something here was not committed.
set -euo pipefail
cd "$(dirname "$0")/../.."
here="$PWD" image=build/image/qemu-virt
[ -f "$image/wayside.img.sha256" ] || {
    echo "skipped: there is no $image: run toolchains/image.sh"
    exit 77
}
[ -z "$(git status --porcelain)" ] || {
    echo "skipped: something here is not committed"
    exit 77
}
toolchains/image.sh
first="$(cat "$image/wayside.img.sha256")"

# Another folder, another hour, another umask, another inode for everything, compiled anew; of the same packages and keys.
elsewhere="$(mktemp -d "${TMPDIR:-/var/tmp}/wayside-elsewhere-XXXXXX")"
trap 'rm -rf "$elsewhere"' EXIT
umask 077
git clone -q "$here" "$elsewhere/tree"
cd "$elsewhere/tree"
mkdir -p build/image
cp -a --reflink=auto "$here"/build/aarch64-sysroot{,.key} build/
cp -a --reflink=auto "$here"/build/image/{cache,keys,keys.passphrase} build/image/
CCACHE_DISABLE=1 toolchains/image.sh
second="$(cat "$image/wayside.img.sha256")"
[ "$first" = "$second" ] || {
    echo "the same commit gave two images: $first, then $second"
    exit 1
}
