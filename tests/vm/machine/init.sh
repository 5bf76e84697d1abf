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
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /merged
for folder in proc sys dev; do $b mount --move /$folder /merged/$folder; done
$b mount -t tmpfs tmpfs /merged/run
$b mkdir -p /merged/dev/pts /merged/dev/shm
$b mount -t devpts devpts /merged/dev/pts
$b mount -t tmpfs tmpfs /merged/dev/shm
for word in $($b cat /merged/proc/cmdline); do
    case "$word" in
    vm.folder=*) folder="${word#vm.folder=}" ;;
    vm.systemd) systemd=yes ;;
    esac
done
$b mkdir -p /merged/lib/modules
$b mount --bind "/merged$folder/lib/modules" /merged/lib/modules
for port in /merged/sys/class/virtio-ports/*; do
    [ "$($b cat "$port/name")" != commands ] || echo "/dev/${port##*/}" >/merged/run/commands.port
done
$b cat >/merged/run/commands <<'END'
exec 3<>"$(cat /run/commands.port)"
echo "@ready" >&3
while read -r line <&3; do
    sh -c "$line" <&3 >&3 3>&-
    printf "@exit %d\n" $? >&3
done
echo o >/proc/sysrq-trigger
sleep 60
END
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/
[ -n "$systemd" ] || exec $b switch_root /merged /bin/sh /run/commands
$b mkdir -p /merged/run/systemd/system/basic.target.wants
$b cat >/merged/run/systemd/system/commands.service <<'END'
[Unit]
DefaultDependencies=no
After=sysinit.target
[Service]
Environment=HOME=/
ExecStart=/bin/sh /run/commands
StandardError=tty
TTYPath=/dev/console
END
$b ln -s ../commands.service /merged/run/systemd/system/basic.target.wants
# It would empty /tmp, where tests have their files.
$b mkdir -p /merged/etc/tmpfiles.d
: >/merged/etc/tmpfiles.d/tmp.conf
# A host that is a container has a file that says so; the guest is none.
$b rm -f /merged/.dockerenv
exec $b switch_root /merged /lib/systemd/systemd
