# QEMU's machine "virt", which is what the tests boot. Sourced by the scripts of toolchains/image.
# shellcheck shell=bash disable=SC2034
console=ttyAMA0
# The disk, as U-Boot names it.
disk_kind=virtio
disk_number=0

# loader <folder that becomes the loader's partition> <folder beside the image>: here the loader is the machine's firmware.
loader() {
    local from=/usr/lib/u-boot/qemu_arm64/u-boot.bin
    [ -r "$from" ] || die "there is no $from: reinstall the package u-boot-qemu"
    install -m 644 "$from" "$2/u-boot.bin"
}
