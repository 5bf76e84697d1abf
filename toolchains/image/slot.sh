# What a slot is made of, for those that make one: root.sh for the image, tests/image/bundles.sh for test updates. Sourced after
# common.sh, not run.
# shellcheck shell=bash

# pack_early <folder>: an archive of it as the kernel takes it for an initramfs; several behind each other are one.
pack_early() {
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio --null --quiet --reproducible -R 0:0 -o -H newc) | zstd -q -19
}

# seal_root <squashfs> <initramfs>: puts the tree of hashes that dm-verity checks a root by behind it, and the tree's own hash
# into the initramfs, whose init.sh reads it. The same root gets the same tree.
seal_root() {
    local bytes salt hash early
    bytes="$(stat -c %s "$1")"
    [ $((bytes % 4096)) = 0 ] || die "$1 is not whole blocks of 4096 bytes: mksquashfs was told not to pad"
    salt="$(sha256sum "$1" | cut -c1-64)"
    hash="$(veritysetup format --no-superblock --hash=sha256 --data-block-size=4096 --hash-block-size=4096 --salt="$salt" \
        --data-blocks=$((bytes / 4096)) --hash-offset="$bytes" "$1" "$1" | sed -n 's/^Root hash:[[:space:]]*//p')" || true
    [ ${#hash} = 64 ] || die "veritysetup made no tree for $1: look at its free space"
    early="$(mktemp -d)"
    echo "$((bytes / 512)) $((bytes / 4096)) $hash $salt" >"$early/verity"
    pack_early "$early" >>"$2"
    rm -r "$early"
}
