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

# What a camera calls its version.
product_version() { sed -n 's/^project(wayside VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt"; }

# make_update <boot file system> <root> <compatible> <version> <build> <keys> <target> [options of mksquashfs]: makes the bundle
# target.raucb that RAUC installs, and target.update, what an office wants to know of it.
make_update() {
    local boot="$1" packed="$2" compatible="$3" version="$4" build="$5" keys="$6" target="$7" signer content
    shift 7
    signer="$keys/$(cat "$keys/signs")"
    content="$(mktemp -d -p "$(dirname "$target")")"
    ln "$boot" "$content/boot.img" 2>/dev/null || cp --sparse=always "$boot" "$content/boot.img"
    ln "$packed" "$content/root.img" 2>/dev/null || cp "$packed" "$content/root.img"
    {
        printf '[update]\ncompatible=%s\nversion=%s\nbuild=%s\n' "$compatible" "$version" "$build"
        printf '[bundle]\nformat=verity\n[image.boot]\nfilename=boot.img\n[image.root]\nfilename=root.img\n'
    } >"$content/manifest.raucm"
    rm -f "$target.raucb" "$target.update"
    rauc bundle --cert="$signer.pem" --key="$signer.key" --mksquashfs-args="-comp zstd -no-progress ${*:--Xcompression-level 15}" \
        "$content" "$target.raucb" >"$target.log" 2>&1 || die "the update cannot be made: $(tail -n 1 "$target.log")"
    rm -r "$content" "$target.log"
    describe_update "$target.raucb" "$compatible" "$version" >"$target.update"
}

# describe_update <bundle> <compatible> <version>
describe_update() {
    printf '{"version":"%s","compatible":"%s","bytes":%s,"sha256":"%s"}\n' "$3" "$2" "$(stat -c %s "$1")" "$(sha256sum "$1" | cut -c1-64)"
}

# sign_file <file> <keys>: file.cms is its signature then, detached.
sign_file() {
    local signer="$2/$(cat "$2/signs")"
    openssl cms -sign -binary -in "$1" -signer "$signer.pem" -inkey "$signer.key" -outform DER -out "$1.cms" ||
        die "$1 cannot be signed: the line above says why"
}
