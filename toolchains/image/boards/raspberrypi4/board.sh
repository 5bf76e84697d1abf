# Raspberry Pi 4 Model B and Compute Module 4 (README.md). Sourced by the scripts of toolchains/image.
# shellcheck shell=bash disable=SC2034
# The mini UART, on pins 8 and 10 of the header; the other one is the Bluetooth chip's, which nobody drives.
console=ttyS1
# The module of its watchdog, which is among the early ones.
watchdog=bcm2835_wdt
# The disk, as U-Boot names it: the SD card, or the module's eMMC.
disk_kind=mmc
disk_number=0
# The firmware reads no other.
loader_fs=fat
# What of the packages is kept besides kernel, modules and busybox.
board_paths=('/usr/lib/raspi-firmware/*' '/usr/lib/u-boot/rpi_arm64/*' '/usr/lib/linux-image-*/broadcom/bcm2711-rpi-*'
    '/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb')
# Where the firmware is, which is not free.
board_components=(non-free-firmware)

# What else lies in this folder, and is wanted.
board_files=(config.txt uboot-env.txt)

# take_files <the packages, unpacked> <the loader's partition> <folder beside the image>
take_files() {
    local file trees
    for file in usr/lib/raspi-firmware/{start4.elf,fixup4.dat} usr/lib/u-boot/rpi_arm64/u-boot.bin; do
        [ -r "$1/$file" ] || die "the packages of $recipe/boards/$board/packages.txt hold no $file: name the one that does"
        cp "$1/$file" "$2"
    done
    trees=("$1"/usr/lib/linux-image-*/broadcom)
    for file in bcm2711-rpi-{4-b,cm4-io}.dtb; do
        [ -r "${trees[0]}/$file" ] || die "the kernel of $recipe/boards/$board/packages.txt has no $file"
        cp "${trees[0]}/$file" "$2"
        # So that the card or eMMC is disk 0 to U-Boot and kernel, and the radio's bus is not.
        fdtput -t s "$2/$file" /aliases mmc0 /emmc2bus/mmc@7e340000
        fdtput -t s "$2/$file" /aliases mmc1 /soc/mmc@7e300000
    done
    # For emulate().
    cp "$1/usr/lib/u-boot/rpi_arm64/u-boot.bin" "$3/u-boot.bin"
    cp "${trees[0]}/bcm2837-rpi-3-b.dtb" "$3/raspberrypi3.dtb"
    # By either of the names that the firmware looks for.
    cp "$2/bcm2711-rpi-cm4-io.dtb" "$2/bcm2711-rpi-cm4.dtb"
}

# loader <the loader's partition> <folder beside the image>
loader() {
    cp "$recipe/boards/$board/config.txt" "$1"
    # Whoever is at the serial line cannot stop it: nothing is read there, nor from a keyboard, and no prompt waits at its end.
    mkenvimage -p 0 -s 0x4000 -o "$1/uboot.env" "$recipe/boards/$board/uboot-env.txt"
}

# finish_disk <disk>: the firmware finds the loader's partition by the old table, which is put before the new one for it alone.
finish_disk() {
    local first=2048 sectors=$((mib[loader] * 2048))
    {
        old_entry 0e "$first" "$sectors"
        old_entry ee 1 $((first - 1))
    } | dd of="$1" bs=1 seek=446 conv=notrunc status=none
}
# old_entry <type, hexadecimal> <first sector> <sectors>: as bytes; whoever reads it counts sectors.
old_entry() {
    local number hex="00feffff${1}feffff"
    for number in "$2" "$3"; do
        hex+="$(printf '%08x' "$number" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')"
    done
    printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")"
}

# emulate <folder beside the image> <disk> [options of QEMU]...: QEMU has no such board. A Raspberry Pi 3 is near enough for the
# loader, the kernel and the console; without firmware, network, or USB. Its disks are as large as a power of two.
emulate() {
    exec qemu-system-aarch64 -M raspi3b -m 1024 -accel tcg -display none -nic none \
        -kernel "$1/u-boot.bin" -dtb "$1/raspberrypi3.dtb" \
        -drive "if=sd,format=raw,cache=unsafe,file=$2" -serial null -serial stdio "${@:3}"
}
