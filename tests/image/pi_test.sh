#!/usr/bin/env bash
# The Raspberry Pi's image in QEMU's Raspberry Pi 3, from U-Boot on, with somebody at the serial line who tries to stop it: pressing
# keys and Ctrl-C all the while. Run by ctest, for minutes. Leaves with 77, which ctest shows as skipped, where there is no image.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=build/image/raspberrypi4
for file in wayside.img u-boot.bin raspberrypi3.dtb; do
    [ -f "$image/$file" ] || {
        echo "skipped: there is no $image/$file: run toolchains/image.sh --trial-keys raspberrypi4"
        exit 77
    }
done
folder="$(mktemp -d)"
trap 'kill "$typing" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkfifo "$folder/keys"
exec 9<>"$folder/keys" # whoever reads, there is always somebody who writes
(while sleep 0.3; do printf '\r \003' >&9; done) &
typing=$!
. toolchains/image/boards/raspberrypi4/board.sh

# The guest's time goes by its instructions: on a busy host its time-outs would end before its work.
# boots <disk> <what it has to say> [what it must not have said by then]
boots() {
    local said="$folder/said" tries
    (emulate "$image" "$1" -icount shift=1,sleep=off) <&9 >"$said" 2>&1 &
    local machine=$!
    for ((tries = 0; tries < 1500; tries++)); do
        if grep -aq "$2" "$said"; then break; fi
        sleep 1
    done
    kill "$machine"
    wait "$machine" 2>/dev/null || true
    if ! grep -aq "$2" "$said" || { [ -n "${3:-}" ] && grep -aq "$3" "$said"; }; then
        cat "$said"
        echo "expected \"$2\"${3:+, and no \"$3\"}"
        exit 1
    fi
}
cp --sparse=always "$image/wayside.img" "$folder/disk"
truncate -s 2G "$folder/disk"
boots "$folder/disk" 'login: ' 'U-Boot>'
grep -aq 'starting slot a' "$folder/said"
grep -aq 'Starting kernel' "$folder/said"
# Without its environment it would have been stopped, so that the typing does reach it.
mdel -i "$folder/disk@@1M" ::uboot.env
boots "$folder/disk" 'U-Boot>'
