#!/usr/bin/env bash
# Builds the image that a camera is flashed with: toolchains/image.sh --keys FOLDER [board]. It lies in
# build/image/BOARD/wayside.img then, with its SHA-256 and signature (CMS, detached: wayside.img.cms), the update to the same
# version (wayside.raucb, and wayside.update, which an office wants to know of it), the root's squashfs, an SBOM (SPDX) and the
# list of licences beside it. Boards: the folders of toolchains/image/boards; qemu-virt unless another is named. With --boot
# [board] QEMU starts a copy of the image that forgets, with the camera's serial line on this terminal (Ctrl-A x ends it).
#
# FOLDER is one of toolchains/update-keys.sh; the camera takes updates that its keys signed, and no others. For qemu-virt, and
# with --trial-keys, keys for trying out are made, once, in build/image/keys: whoever has this folder can sign, and a camera that
# was flashed that way takes no update of other keys, so flash none for a road.
#
# Nothing is mounted and no loop device is used. What is fetched is kept in build/image/cache, each archive under the name of
# what it is made of and with its own SHA-256, which is checked; with --fresh they are fetched anew, as Debian has them now. It ends
# with 77 where they are not to be had.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/debian.sh"
. "$here/image/slot.sh"

boot="" keys="" trial_keys="" fresh="" board=""
while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    --boot) boot=yes ;;
    --trial-keys) trial_keys=yes ;;
    --fresh) fresh=yes ;;
    --keys)
        [ -z "$keys" ] || die "--keys is there twice: give the one folder that signs"
        keys="${2:-}"
        [ -r "$keys/keyring.pem" ] && [ -r "$keys/signs" ] || die "\"$keys\" holds no keys for updates: make them with toolchains/update-keys.sh"
        keys="$(cd "$keys" && pwd)"
        shift
        ;;
    --*) die "there is no option $1: use --boot, --keys FOLDER, --trial-keys, --fresh or none" ;;
    "") die "a board has a name: leave the empty word out, or name one" ;;
    *)
        [ -z "$board" ] || die "one board at a time: $board, or $1"
        board="$1"
        ;;
    esac
    shift
done
board="${board:-qemu-virt}"
recipe="$here/image"
images="$root/build/image"
image="$images/$board"

# --- before anything is fetched or built: is the recipe whole?
boards="$(cd "$recipe/boards" && printf '%s ' *)"
case "$board" in *[!a-z0-9-]*) die "\"$board\" is no name of a board: small letters, digits and -" ;; esac
[ -d "$recipe/boards/$board" ] || die "there is no board \"$board\": use one of $boards"
[ -z "$boot" ] || [ -z "$keys$trial_keys$fresh" ] || die "--boot starts the image that was built: build it anew without --boot first"
[ -z "$keys" ] || [ -z "$trial_keys" ] || die "--keys FOLDER and --trial-keys are two answers to one question: give one of them"
[ -n "$keys$trial_keys$boot" ] || [ "$board" = qemu-virt ] ||
    die "an image for a $board takes updates of its keys alone: give --keys FOLDER, which toolchains/update-keys.sh makes, or --trial-keys for a camera that sees no road"
for file in board.sh modules.txt modules-early.txt packages.txt packages-host.txt; do
    [ -r "$recipe/boards/$board/$file" ] || die "the board $board lacks its file $recipe/boards/$board/$file: restore it (git checkout), or take the board qemu-virt as a pattern"
done
need_files "$recipe"/{modules.txt,modules-early.txt,packages.txt,left-out.txt,compiled-in.txt,boot.cmd,init.sh,root.sh,sbom.sh,disk.sh,slot.sh} "$recipe/overlay/etc/"{nftables.conf,rauc/system.conf} "$here/update-keys.sh" "$here/packages-image.txt" "$here/packages-aarch64.txt"
. "$recipe/boards/$board/board.sh"
need_files "${board_files[@]/#/$recipe/boards/$board/}"
for component in "${board_components[@]}"; do
    debian_sources | grep -q " bookworm $component\$" ||
        die "the board $board needs Debian's $component, which apt does not have here: add the word to the components of Debian 12 in /etc/apt/sources.list or /etc/apt/sources.list.d, and run apt-get update"
done
# What a camera cannot read as a version, it takes no update after (update_version.hpp).
number='(0|[1-9][0-9]{0,5})'
[[ "$(product_version)" =~ ^$number\.$number\.$number$ ]] ||
    die "$root/CMakeLists.txt: VERSION is \"$(product_version)\", and has to be three numbers of at most six digits, as in 1.4.0: write project(wayside VERSION 1.4.0 …)"
commit="$(git -C "$root" describe --always --abbrev=40 --exclude='*' --dirty 2>&1)" ||
    die "$root is no git checkout that can be used, and an image bears the name and the date of its commit; git says: $(head -n 1 <<<"$commit")"
SOURCE_DATE_EPOCH="$(git -C "$root" log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

# check_keys <folder>: what signs is there, and a camera with the keyring takes it.
check_keys() {
    local signer
    signer="$1/$(cat "$1/signs")"
    [ -r "$signer.key" ] || die "$1 lacks the key of ${signer##*/}, which signs: put it there, or add a signer (toolchains/update-keys.sh --new-signer)"
    openssl verify -CAfile "$1/keyring.pem" -crl_check "$signer.pem" >/dev/null 2>&1 ||
        die "no camera with the keyring of $1 takes what ${signer##*/} signs: it is revoked, or not of this root (toolchains/update-keys.sh --list)"
}

boot_image() {
    [ -r "$image/wayside.img" ] || die "there is no image of $board: run toolchains/image.sh $board"
    command -v qemu-system-aarch64 >/dev/null || die "QEMU is not installed: run toolchains/image.sh $board, which sees to it"
    local copy
    copy="$(mktemp "${TMPDIR:-/var/tmp}/wayside-XXXXXX")"
    cp --sparse=always "$image/wayside.img" "$copy"
    truncate -s 2G "$copy"
    # It is gone with the emulator.
    exec 3<>"$copy"
    rm "$copy"
    emulate "$image" /dev/fd/3
}
if [ -n "$boot" ]; then
    boot_image
fi

if [ -n "$keys" ]; then
    # Before all that takes long; where there is no openssl yet, once there is.
    if command -v openssl >/dev/null; then check_keys "$keys"; fi
    [ ! -e "$keys/root.key" ] || say "$keys holds root.key, which nothing here needs: whoever has it can make signers, so keep it offline, and here a copy of the folder without it"
fi

(install_packages packages-aarch64.txt packages-image.txt "image/boards/$board/packages-host.txt") || exit 77
PATH="$PATH:/usr/sbin:/sbin"
umask 022
mkdir -p "$images"
exec 9>"$images/lock"
flock -n 9 || die "another toolchains/image.sh builds in $images: wait until it has ended"
begin_fetching "$images/cache" "$fresh"
"$here/aarch64.sh" || exit $?

if [ -z "$keys" ]; then
    keys="$images/keys"
    if [ ! -r "$keys/keyring.pem" ]; then
        step "Making keys for trying out"
        [ -s "$keys.passphrase" ] || (umask 077 && openssl rand -hex 16 >"$keys.passphrase")
        "$here/update-keys.sh" --passphrase-file "$keys.passphrase" "$keys" || exit 1
    fi
    say "signed with keys for trying out ($keys): no camera of a road is to trust them"
fi
check_keys "$keys"

excluded=()
while read -r path; do excluded+=("--dpkgopt=path-exclude=$path"); done < <(names_in "$recipe/left-out.txt")
cached_arm64 "$images/cache" root "$(names_in "$recipe/packages.txt")" "${excluded[@]}"
root_archive="$archived"
cached_arm64 "$images/cache" "$board" "$(names_in "$recipe/boards/$board/packages.txt")" '--dpkgopt=path-exclude=/*' \
    --dpkgopt='path-include=/boot/*' --dpkgopt='path-include=/lib/modules/*' --dpkgopt='path-include=/bin/busybox' "${board_paths[@]/#/--dpkgopt=path-include=}" \
    --dpkgopt='path-include=/usr/share/doc/*/copyright'
board_archive="$archived"
end_fetching "$images/cache"

step "Building the image ($board)"
need_space "$images" 4000
rm -rf "$image.part"
mkdir "$image.part"
cd "$root"
# Files of several users, without being root.
fakeroot "$recipe/root.sh" "$board" "$root_archive" "$board_archive" "$image.part" "$commit" "$keys/keyring.pem" || exit 1
fakeroot "$recipe/disk.sh" "$board" "$image.part" || exit 1
make_update "$image.part/boot.ext4" "$image.part/root.squashfs" "wayside-$board" "$(product_version)" "$commit" "$keys" "$image.part/wayside"
rm "$image.part/boot.ext4"
(cd "$image.part" && sha256sum wayside.img >wayside.img.sha256)
sign_file "$image.part/wayside.img" "$keys"
rm -rf "$image"
mv "$image.part" "$image"
say "$image/wayside.img: $(du -m --apparent-size "$image/wayside.img" | cut -f1) MB, of which $(du -m "$image/wayside.img" | cut -f1) are in use; root $(cat "$image/root-mb") MB, packed $(du -m --apparent-size "$image/root.squashfs" | cut -f1) MB; update $(du -m --apparent-size "$image/wayside.raucb" | cut -f1) MB"
rm "$image/root-mb"
