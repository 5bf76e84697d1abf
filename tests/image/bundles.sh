#!/usr/bin/env bash
# Makes updates for tests out of the image that was built: tests/image/bundles.sh OUT KIND[=VERSION]... Each is OUT/KIND.raucb,
# with OUT/KIND.update beside it. Seconds each: what is packed is packed quickly.
#
#   newer         the same system, and says VERSION of itself (9.0.0)
#   blind         boots and cannot capture, and its trial has 3 minutes (9.0.1)
#   stuck         hangs where its root begins (9.0.2)
#   older         an earlier version (0.0.1)
#   incompatible  for another board (9.0.0)
#   wrong-key     signed by a stranger (9.0.0)
#   tampered      one bit of what is signed was flipped afterwards (9.0.0)
#
# Nobody is to start the last four: they are small, and hold no system. The image is build/image/qemu-virt
# or the folder that WAYSIDE_IMAGE names, the keys are build/image/keys or those that WAYSIDE_UPDATE_KEYS names.
. "$(dirname "${BASH_SOURCE[0]}")/../../toolchains/common.sh"
. "$here/image/slot.sh"

[ $# -ge 2 ] || die "what is wanted? For example: tests/image/bundles.sh OUT newer=9.1.0 blind"
# Files of several users, without being root.
[ -n "${FAKEROOTKEY:-}" ] || exec fakeroot "${BASH_SOURCE[0]}" "$@"
PATH="$PATH:/usr/sbin:/sbin"
out="$1"
shift
image="${WAYSIDE_IMAGE:-$root/build/image/qemu-virt}"
keys="${WAYSIDE_UPDATE_KEYS:-$root/build/image/keys}"
for file in "$image/wayside.img" "$image/root.squashfs" "$keys/signs"; do
    [ -r "$file" ] || die "there is no $file: run toolchains/image.sh"
done
export SOURCE_DATE_EPOCH=1
compatible="$(sed -n 's/.*"compatible":"\([^"]*\)".*/\1/p' "$image/wayside.update")"
quick=(-Xcompression-level 1)
mkdir -p "$out"
work="$(mktemp -d -p "$out")"
# OUT may lie in a checkout, where no keys are made.
stranger="$(mktemp -d)"
trap 'rm -rf "$work" "$stranger"' EXIT

as_built() { # boot file system of the image
    [ -e "$work/boot.ext4" ] || sfdisk -d "$image/wayside.img" | sed -n 's/.*start= *\([0-9]*\), size= *\([0-9]*\),.*name="boot_a".*/\1 \2/p' | {
        read -r start count
        dd if="$image/wayside.img" of="$work/boot.ext4" bs=512 skip="$start" count="$count" conv=sparse status=none
        truncate -s $((count * 512)) "$work/boot.ext4"
    }
}

# packed_anew <version> <what becomes of the tree>: $work/new.boot and $work/new.root.
packed_anew() {
    [ -d "$work/tree" ] || unsquashfs -q -n -d "$work/tree" "$image/root.squashfs" >/dev/null
    sed -i "s/^IMAGE_VERSION=.*/IMAGE_VERSION=$1/" "$work/tree/usr/lib/os-release"
    "$2"
    rm -f "$work"/new.*
    mksquashfs "$work/tree" "$work/new.root" -comp zstd -Xcompression-level 1 -no-progress -no-xattrs -quiet >/dev/null
    cp --sparse=always "$work/boot.ext4" "$work/new.boot"
    debugfs -R "dump initramfs $work/initramfs" "$work/new.boot" 2>/dev/null
    # The later file of a name is the one that counts.
    seal_root "$work/new.root" "$work/initramfs"
    printf '%s\n' 'rm initramfs' "write $work/initramfs initramfs" | debugfs -w -f - "$work/new.boot" >/dev/null 2>&1
}
the_same() { :; }
cannot_capture() {
    local timer="$work/tree/etc/systemd/system/wayside-update-deadline.timer.d"
    printf '#!/bin/sh\nexit 1\n' >"$work/tree/usr/bin/wayside-capture"
    mkdir -p "$timer"
    printf '[Timer]\nOnBootSec=\nOnBootSec=3min\n' >"$timer/test.conf"
}
no_system() {
    head -c 1M /dev/urandom >"$work/nothing"
    boot="$work/nothing" packed="$work/nothing"
}
never_begins() {
    rm "$work/tree/usr/sbin/init"
    printf '#!/bin/sh\nexec sleep infinity\n' >"$work/tree/usr/sbin/init"
    chmod 755 "$work/tree/usr/sbin/init"
}

as_built
for wanted in "$@"; do
    kind="${wanted%%=*}" version="9.0.0"
    case "$kind" in
    blind) version=9.0.1 ;;
    stuck) version=9.0.2 ;;
    older) version=0.0.1 ;;
    esac
    [ "$kind" = "$wanted" ] || version="${wanted#*=}"
    boot="$work/boot.ext4" packed="$image/root.squashfs" says="$compatible" signed="$keys"
    case "$kind" in
    newer) packed_anew "$version" the_same ;;
    blind) packed_anew "$version" cannot_capture ;;
    stuck) packed_anew "$version" never_begins ;;
    older | tampered) no_system ;;
    incompatible) no_system && says=wayside-another ;;
    wrong-key)
        no_system
        signed="$stranger"
        echo "a stranger's passphrase" >"$work/passphrase"
        "$here/update-keys.sh" --passphrase-file "$work/passphrase" "$signed" >/dev/null
        ;;
    *) die "there is no bundle \"$kind\": use newer, blind, stuck, older, incompatible, wrong-key or tampered" ;;
    esac
    case "$kind" in newer | blind | stuck) boot="$work/new.boot" packed="$work/new.root" ;; esac
    make_update "$boot" "$packed" "$says" "$version" test "$signed" "$work/bundle" "${quick[@]}"
    if [ "$kind" = tampered ]; then
        at=$(($(stat -c %s "$work/bundle.raucb") / 2))
        bit="$(dd if="$work/bundle.raucb" bs=1 skip="$at" count=1 status=none | od -An -tu1)"
        printf "\\x$(printf %x $((bit ^ 1)))" | dd of="$work/bundle.raucb" bs=1 seek="$at" conv=notrunc status=none
        describe_update "$work/bundle.raucb" "$says" "$version" >"$work/bundle.update"
    fi
    mv "$work/bundle.raucb" "$out/$kind.raucb"
    mv "$work/bundle.update" "$out/$kind.update"
    # A tree that was spoilt is nobody's to build upon.
    case "$kind" in blind | stuck) rm -r "$work/tree" ;; esac
done
