#!/usr/bin/env bash
# Sets up what the tests in a virtual machine need, and passes them: toolchains/vm.sh [ctest options].
# With --prepare it only sets up. The long ones: toolchains/vm.sh -L long. It ends with 77 where no machine can be set up for want
# of packages or of the right processor.
#
# build/vm gets a kernel of Debian 12, its modules and an initramfs; nothing is installed that a machine starts from. The
# guest's root is this machine's own, read-only below a layer in the guest's memory: what was built here runs there, with
# the libraries it was built with, and no second system has to be made and kept.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

prepare_only=""
case "${1:-}" in
-h | --help)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
--prepare)
    prepare_only=yes
    shift
    ;;
esac

[ "$(dpkg --print-architecture)" = amd64 ] || cannot "the virtual machine is an amd64 one with this machine's programs: run this on amd64"

(install_packages packages-vm.txt) || cannot "the packages of toolchains/packages-vm.txt are not to be had; the lines above say why"
PATH="$PATH:/usr/sbin:/sbin"
vm="$root/build/vm"
mkdir -p "$root/build"
init="$root/tests/vm/machine/init.sh"

# The newest 6.1 there is; once fetched it stays until build/vm is deleted.
if [ ! -f "$vm/version" ]; then
    step "Looking for the kernel"
    as_root apt-get -o DPkg::Lock::Timeout=300 -q update >"$root/build/vm-kernel.log" 2>&1 ||
        cannot "apt-get update failed: $(tail -n 3 "$root/build/vm-kernel.log")"
    package="$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*-amd64\)$/\1/p' || true)"
    [ -n "$package" ] || cannot "apt knows no kernel: run apt-get update, and look whether this is Debian 12"
    step "Fetching $package (70 MB, 280 MB unpacked)"
    rm -rf "$vm"
    mkdir -p "$vm"
    (cd "$vm" && apt-get -q download "$package") >"$root/build/vm-kernel.log" 2>&1 ||
        cannot "could not fetch $package: $(tail -n 3 "$root/build/vm-kernel.log")"
    # No network card, graphics or sound chip is ever plugged into the guest.
    dpkg-deb --fsys-tarfile "$vm"/linux-image-*.deb | tar -x -C "$vm" --exclude='*/drivers/net/ethernet' --exclude='*/drivers/net/wireless' \
        --exclude='*/drivers/gpu' --exclude='*/kernel/sound' ./boot ./lib
    rm "$vm"/linux-image-*.deb
    # Unpacked here: an emulated processor would be at it for seconds at each start.
    packed="$(echo "$vm"/boot/vmlinuz-*)"
    offset="$(LC_ALL=C grep -abo $'\xfd7zXZ' "$packed" | cut -d: -f1 | sed -n 1p)"
    tail -c "+$((offset + 1))" "$packed" | xz -dc >"$vm/vmlinux" 2>/dev/null || true # the file goes on behind the kernel
    [ "$(head -c 4 "$vm/vmlinux" | tail -c 3)" = ELF ] || die "$package holds no kernel packed by xz: its form has changed"
    rm -r "${packed%/*}"
    version="$(basename "$vm"/lib/modules/*)"
    depmod -b "$vm" "$version"
    echo "$version" >"$vm/version"
fi
version="$(cat "$vm/version")"

if [ ! -f "$vm/initramfs" ] || [ "$init" -nt "$vm/initramfs" ] || [ "${BASH_SOURCE[0]}" -nt "$vm/initramfs" ]; then
    step "Making the initramfs ($version)"
    tree="$(mktemp -d)"
    trap 'rm -rf "$tree"' EXIT
    mkdir -p "$tree"/{bin,dev,proc,sys,modules,lower,upper,merged}
    cp "$(command -v busybox)" "$tree/bin/busybox"
    install -m 755 "$init" "$tree/init"
    # Disks, the port and the root; the guest loads the rest from there. Numbered, so that each comes after what it needs.
    for module in virtio_pci virtio_blk virtio_console virtio_rng 9pnet_virtio 9p overlay; do
        modprobe -d "$vm" -S "$version" --show-depends "$module"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | {
        n=100
        while read -r file; do cp "$file" "$tree/modules/$((n++))-$(basename "$file")"; done
    }
    (cd "$tree" && find . -print0 | cpio --null --quiet -o -H newc) >"$vm/initramfs.new"
    mv "$vm/initramfs.new" "$vm/initramfs"
fi
[ -z "$prepare_only" ] || exit 0

build release tests_vm_boot tests_vm_capture tests_vm_console tests_vm_power tests_vm_update
step "Testing in a virtual machine"
[ $# -gt 0 ] || set -- -LE long
ctest --test-dir build/release -L vm --output-on-failure --no-tests=error "$@" ||
    die "some tests failed; their output stands above, and ctest --test-dir build/release -R NAME runs one again"
