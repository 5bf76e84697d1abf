#!/bin/busybox sh
# The first program of a camera: loads what the root's disk needs, mounts the root of the slot that the loader chose, and hands
# over. There is no shell to fall into: what cannot be mounted ends in a restart.
#
# Each block of the root is checked as it is read, by a hash that came with this program. A block that is not as it was built is
# never read as if it were. On trial it restarts the camera, and the loader's count ends the trial. In the confirmed slot, which
# the loader takes whatever happens, only the program that reads it fails: most of the root is rarely read, if at all.
#
# A trial has @TRIAL_S@ s to come to its services; where it hangs before, the watchdog restarts the camera.
bb=/bin/busybox

fail() {
    echo "wayside: $*; restarting in 10 s"
    $bb sleep 10
    $bb reboot -f
}

$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev
exec </dev/console >/dev/console 2>&1
# Nobody at the serial line commands the kernel with a BREAK and a letter.
echo 0 >/proc/sys/kernel/sysrq
slot=
corrupt=
for word in $($bb cat /proc/cmdline); do
    case "$word" in wayside.slot=*) slot="${word#*=}" ;; wayside.trial=1) corrupt="1 restart_on_corruption" ;; esac
done
for module in /modules/*; do
    case "$module" in *-@WATCHDOG@.ko) options=heartbeat=@TRIAL_S@ ;; *) options= ;; esac
    $bb insmod "$module" $options || echo "wayside: $module cannot be loaded"
done
# One that came with a limit of its own choice would not give it the time.
if [ -n "$corrupt" ] && [ "$($bb cat /sys/class/watchdog/watchdog0/timeout 2>/dev/null)" = @TRIAL_S@ ]; then
    $bb true >/dev/watchdog
fi

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
read -r sectors blocks hash salt </verity
/bin/dmsetup create root --readonly --noudevsync --noudevrules \
    --table "0 $sectors verity 1 $device $device 4096 4096 $blocks $blocks sha256 $hash $salt $corrupt" >/dev/null ||
    fail "$device is not the root that belongs to this kernel"
$bb mount -t squashfs -o ro /dev/dm-0 /root || fail "$device holds no root that can be mounted"
$bb mount --move /dev /root/dev
$bb umount /sys /proc
exec $bb switch_root /root /sbin/init
