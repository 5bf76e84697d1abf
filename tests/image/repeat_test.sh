#!/usr/bin/env bash
# Does the same commit give the same image? Run by ctest, for minutes. Leaves with 77, which ctest shows as skipped, where no
# image was built here yet.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=build/image/qemu-virt
[ -f "$image/wayside.img.sha256" ] || {
    echo "skipped: there is no $image: run toolchains/image.sh"
    exit 77
}
toolchains/image.sh
first="$(cat "$image/wayside.img.sha256")"
# Another hour, another umask, another inode for everything.
umask 077
toolchains/image.sh
second="$(cat "$image/wayside.img.sha256")"
[ "$first" = "$second" ] || {
    echo "the same commit gave two images: $first, then $second"
    exit 1
}
