#!/bin/busybox sh
# The first program of a camera: loads what the root's disk needs, mounts the root of the slot that the loader chose, and hands
# over. There is no shell to fall into: what cannot be mounted ends in a restart.
bb=/bin/busybox

fail() {
    echo "wayside: $*; restarting in 10 s" >/dev/console
    $bb sleep 10
    $bb reboot -f
}

$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do $bb insmod "$module" || echo "wayside: $module cannot be loaded" >/dev/console; done

slot=
for word in $($bb cat /proc/cmdline); do
    case "$word" in wayside.slot=*) slot="${word#*=}" ;; esac
done

# Disks come when they are found.
device=
tries=0
while [ -z "$device" ] && [ "$tries" -lt 100 ]; do
    found="$($bb grep -lx "PARTNAME=root_$slot" /sys/class/block/*/uevent 2>/dev/null)"
    [ -z "$found" ] || device="/dev/$($bb basename "$($bb dirname "$found")")"
    [ -n "$device" ] || $bb sleep 0.1
    tries=$((tries + 1))
done
[ -n "$device" ] || fail "there is no partition root_$slot"
$bb mount -t squashfs -o ro "$device" /root || fail "$device holds no root that can be mounted"
$bb mount --move /dev /root/dev
$bb umount /sys /proc
exec $bb switch_root /root /sbin/init
