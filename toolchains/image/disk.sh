#!/usr/bin/env bash
# Makes the disk of a board: disk.sh <board> <folder with root.squashfs and slot/>. Run by toolchains/image.sh. Slot A is filled,
# B waits for the first update; nothing is mounted.
#
#   loader      the loader's script, and what else the board's loader wants
#   bootstate   which slot starts (boot.cmd); two copies
#   boot_a|b    kernel and initramfs of a slot, ext4, which U-Boot reads
#   root_a|b    root of a slot, squashfs, read-only
#   update      an update while it is fetched and installed
#   config      what a camera is: configuration, accounts, identity, audit trail, VOI lists
#   queue       its records; the last, since the first start of a camera makes it as large as the disk lets it
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
. "$here/debian.sh"
board="$1" out="$2"
umask 022
export E2FSPROGS_FAKE_TIME="$SOURCE_DATE_EPOCH" # of mke2fs and debugfs
recipe="$here/image"
. "$recipe/boards/$board/board.sh"

partitions=(loader bootstate boot_a root_a boot_b root_b update config queue)
declare -A mib=([loader]=16 [bootstate]=16 [boot_a]=64 [root_a]=256 [boot_b]=64 [root_b]=256 [update]=192 [config]=256 [queue]=256)
# systemd-repart knows the one that it may grow by this.
queue_type="$(sed -n 's/^Type=//p' "$recipe/overlay/usr/lib/repart.d/queue.conf")"
declare -A files

# The same name has the same id in every build.
uuid_of() { sha256sum <<<"wayside $board $1" | sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/'; }

ext4() { # <name> <folder> [features]
    local file="$out/$1.ext4" inside roots=0 each=4096
    # What root has to say of an update finds room, whatever is fetched.
    [ "$1" != update ] || roots=2
    # One file can be there for so many bytes: a large card is not to be filled with room for files that there never are.
    case "$1" in config | queue) each=32768 ;; esac
    mke2fs -q -F -t ext4 -L "$1" -U "$(uuid_of "$1 fs")" -m "$roots" -i "$each" \
        -b 4096 -E "hash_seed=$(uuid_of "$1 hash"),root_owner=0:0,lazy_itable_init=0" ${3:+-O "$3"} -d "$2" "$file" "${mib[$1]}m" >"$out/$1.log" 2>&1 ||
        die "no file system of ${mib[$1]} MB can be made for $1: $(tail -n 1 "$out/$1.log")"
    # mke2fs takes the hour at which a file was changed from its inode, and nobody can set that.
    for inside in "$2"/*; do
        [ ! -e "$inside" ] || debugfs -w -R "set_inode_field /$(basename "$inside") ctime @$SOURCE_DATE_EPOCH" "$file" >>"$out/$1.log" 2>&1
    done
    rm "$out/$1.log"
    files[$1]="$file"
}

fat() { # <name> <folder>
    local file="$out/$1.fat"
    truncate -s "${mib[$1]}M" "$file"
    mkfs.vfat -F 16 -n WAYSIDE --invariant -i "$(uuid_of "$1 fs" | cut -c1-8)" "$file" >/dev/null ||
        die "no FAT of ${mib[$1]} MB can be made for $1"
    (cd "$2" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | TZ=UTC xargs -I{} mcopy -m -i "$file" {} ::{}) ||
        die "$1 has no room for $(du -sm "$2" | cut -f1) MB: give it more (disk.sh)"
    files[$1]="$file"
}

# The numbers of overlay/usr/lib/sysusers.d, which nobody has while an image is made.
wayside="$(sed -n 's/^u wayside  *\([0-9]*\) .*/\1/p' "$recipe/overlay/usr/lib/sysusers.d/00-wayside-image.conf")"
owned() { # <name of a file system> <path in it> <mode, as stat says it> <user and group>...
    printf 'set_inode_field %s %s\n' "$2" "mode $3" "$2" "uid $4" "$2" "gid $5" | debugfs -w -f - "${files[$1]}" >/dev/null 2>&1
}

mkdir -p "$out/loader" "$out/config/"{queue,update} "$out/update/incoming" "$out/queue"
sed -e "s/@KIND@/$disk_kind/g; s/@NUMBER@/$disk_number/g; s/@CONSOLE@/$console,115200n8/g" "$recipe/boot.cmd" >"$out/boot.cmd"
mkimage -A arm64 -T script -C none -n wayside -d "$out/boot.cmd" "$out/loader/boot.scr" >/dev/null
loader "$out/loader" "$out"
# What U-Boot reads is never written to on a camera, and plain.
chown -R 0:0 "$out/loader" "$out/slot" "$out/update" "$out/config" "$out/queue" || die "run toolchains/image.sh, which makes files of any user"
find "$out/loader" "$out/slot" "$out/update" "$out/config" "$out/queue" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
plain='^has_journal,^metadata_csum,^64bit,^orphan_file'
"$loader_fs" loader "$out/loader" "$plain"
ext4 boot_a "$out/slot" "$plain"
ext4 update "$out/update"
owned update / 040755 0 "$wayside"
owned update /incoming 040700 "$wayside" "$wayside"
ext4 config "$out/config"
ext4 queue "$out/queue"
owned queue / 040700 "$wayside" "$wayside"
# A queue's folder holds the queue and nothing else; e2fsck makes it anew where it has need of it.
debugfs -w -R 'rmdir lost+found' "${files[queue]}" >/dev/null 2>&1
echo 'slot=a' | mkenvimage -p 0 -s 4096 -o "$out/state" -
truncate -s 8M "$out/state"
cat "$out/state" "$out/state" >"$out/bootstate"
files[bootstate]="$out/bootstate"
files[root_a]="$out/root.squashfs"

disk="$out/wayside.img"
total=2 # the tables at either end
for name in "${partitions[@]}"; do total=$((total + mib[$name])); done
truncate -s "${total}M" "$disk"
{
    echo "label: gpt"
    echo "label-id: $(uuid_of disk)"
    echo "first-lba: 2048"
    for name in "${partitions[@]}"; do
        echo "name=$name, size=${mib[$name]}MiB, uuid=$(uuid_of "$name"), type=$([ "$name" = queue ] && echo "$queue_type" || echo linux)$([ "$name" != loader ] || echo ', attrs=LegacyBIOSBootable')"
    done
} | sfdisk -q --no-reread --no-tell-kernel "$disk" || die "the disk cannot be divided: the lines above say why"

at=1
for name in "${partitions[@]}"; do
    file="${files[$name]:-}"
    if [ -n "$file" ]; then
        bytes="$(stat -c %s "$file")"
        [ "$bytes" -le $((mib[$name] * 1048576)) ] || die "$name holds $((bytes / 1048576)) MB and has room for ${mib[$name]}: leave something out (left-out.txt), or give it more (disk.sh)"
        dd if="$file" of="$disk" bs=1M seek="$at" conv=notrunc,sparse status=none
    fi
    at=$((at + mib[$name]))
done
finish_disk "$disk"
rm -rf "$out"/{loader,update,config,queue,slot,state,bootstate,boot.cmd} "$out"/{loader,update,config,queue}.ext4 "$out"/*.fat
mv "$out/boot_a.ext4" "$out/boot.ext4"
