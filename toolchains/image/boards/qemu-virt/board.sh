# QEMU's machine "virt", which is what the tests boot. Sourced by the scripts of toolchains/image.
# shellcheck shell=bash disable=SC2034
console=ttyAMA0
# The module of its watchdog, which is among the early ones.
watchdog=i6300esb
# The disk, as U-Boot names it.
disk_kind=virtio
disk_number=0

# The file system of the loader's partition: ext4 or fat.
loader_fs=ext4
# What of the board's packages is kept besides kernel, modules and busybox; and the components of Debian, besides main, that
# they are in.
board_paths=()
board_components=()
# What else lies in this folder, and is wanted.
board_files=()

# take_files <the packages, unpacked> <folder that becomes the loader's partition> <folder beside the image>: what the loader
# wants of them.
take_files() { :; }

# loader <folder that becomes the loader's partition> <folder beside the image>: here the loader is the machine's firmware, and
# its second flash holds what it does. It waits for no key, and where a key ends what it does all the same, it starts anew.
loader() {
    local from=/usr/lib/u-boot/qemu_arm64/u-boot.bin
    [ -r "$from" ] || die "there is no $from: reinstall the package u-boot-qemu"
    install -m 644 "$from" "$2/u-boot.bin"
    mkenvimage -s 0x40000 -o "$2/u-boot-env.bin" - <<'END'
bootdelay=-2
bootcmd=pci enum; virtio scan; load virtio 0:1 ${scriptaddr} boot.scr && source ${scriptaddr}; reset
scriptaddr=0x40200000
kernel_addr_r=0x40400000
ramdisk_addr_r=0x44000000
END
    truncate -s 64M "$2/u-boot-env.bin" # as large as QEMU's flash
}

# finish_disk <disk>: what is still to do when all is in its place.
finish_disk() { :; }

# emulate <folder beside the image> <disk>: QEMU with that disk, the serial line on standard input and output.
emulate() {
    exec qemu-system-aarch64 -M virt,gic-version=3 -cpu cortex-a72 -smp 2 -m 1024 -accel tcg,thread=multi -nographic \
        -bios "$1/u-boot.bin" -drive "if=pflash,unit=1,format=raw,readonly=on,file=$1/u-boot-env.bin" -drive "if=virtio,format=raw,cache=unsafe,file=$2" \
        -nic user,model=virtio-net-pci -device virtio-rng-pci -device i6300esb
}
