#!/bin/busybox sh
# The guest's first program. It lays the host's root, read-only, below a layer in memory, and then does what comes in over
# the port "commands", a line a command: each gets the port for its input and output, and ends with a line "@exit CODE".
# When nobody is at the other end any more, the machine is switched off.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in /modules/*; do $b insmod "$module"; done
# Nothing on the host changes under the guest but what a test puts there, so the guest may keep what it has read.
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose root /lower
$b mount -t tmpfs tmpfs /upper
$b mkdir /upper/files /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root
for folder in proc sys dev; do $b mount --move /$folder /root/$folder; done
$b mount -t tmpfs tmpfs /root/run
$b mkdir -p /root/dev/pts /root/dev/shm
$b mount -t devpts devpts /root/dev/pts
$b mount -t tmpfs tmpfs /root/dev/shm
for word in $($b cat /root/proc/cmdline); do
    case "$word" in vm.folder=*) folder="${word#vm.folder=}" ;; esac
done
$b mkdir -p /root/lib/modules
$b mount --bind "/root$folder/lib/modules" /root/lib/modules
for port in /root/sys/class/virtio-ports/*; do
    [ "$($b cat "$port/name")" != commands ] || export port="/dev/${port##*/}"
done
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec $b switch_root /root /bin/sh -c '
exec 3<>"$port"
echo "@ready" >&3
while read -r line <&3; do
    sh -c "$line" <&3 >&3 3>&-
    printf "@exit %d\n" $? >&3
done
echo o >/proc/sysrq-trigger
sleep 60'
