#!/usr/bin/env bash
# Lays out a camera's root and packs it: root.sh <board> <archive of the root> <archive of the board> <folder> <commit>
# <keyring for updates>. Run by toolchains/image.sh under fakeroot. <folder> gets root.squashfs, slot/ (kernel and initramfs) and
# lists of what is in them.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
. "$here/debian.sh"
. "$here/image/slot.sh"
board="$1" root_archive="$2" board_archive="$3" out="$4" commit="$5" keyring="$6"
recipe="$here/image"
. "$recipe/boards/$board/board.sh"
umask 022

tree="$out/tree"
kernel="$out/kernel"
mkdir "$tree" "$kernel" "$out/slot"
tar -C "$tree" -xf "$root_archive" || die "$root_archive cannot be unpacked: delete it and run again"
tar -C "$kernel" -xf "$board_archive" || die "$board_archive cannot be unpacked: delete it and run again"
version="$(basename "$kernel"/lib/modules/*)"
[ -f "$kernel/boot/vmlinuz-$version" ] || die "the packages of $recipe/boards/$board/packages.txt hold no kernel: name one there"

# --- what the machine that fetched it and Debian's installer leave behind
find "$tree/dev" "$tree/boot" "$tree/proc" "$tree/run" "$tree/sys" "$tree/tmp" "$tree/home" "$tree/root" "$tree/var" -mindepth 1 -delete
rm -rf "$tree/etc/apt"
rm -f "$tree/etc/"{hostname,resolv.conf,fstab,issue,issue.net}
# Nobody on a camera becomes somebody else.
find "$tree" -xdev -type f -perm /6000 -exec chmod a-s {} +

# --- ours
tar -C "$recipe/overlay" --owner=0 --group=0 --mode=u=rwX,go=rX -cf - . | tar -C "$tree" -xf -
DESTDIR="$tree" cmake --install "$root/build/aarch64-release" --component camera --prefix /usr --strip >"$out/install.log" ||
    die "the camera's programs cannot be installed: $(tail -n 1 "$out/install.log")"
# What is wired to a camera is set at its console; nobody can copy anything there later.
mkdir -p "$tree/etc/systemd/system/waysided.service.d"
cp "$tree"/usr/share/wayside/waysided-{illuminator,contacts}.conf "$tree/etc/systemd/system/waysided.service.d/"
# Alternatives, which no program of Debian's has set here.
for library in blas/libblas.so.3 lapack/liblapack.so.3; do
    ln -sfn "$library" "$tree/usr/lib/aarch64-linux-gnu/${library#*/}"
done
ln -sfn /run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
ln -sfn ../proc/self/mounts "$tree/etc/mtab"
mkdir -p "$tree/srv"
echo wayside >"$tree/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$tree/etc/hosts"
printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\n' >"$tree/etc/nsswitch.conf"
touch --date="@$SOURCE_DATE_EPOCH" "$tree/usr/lib/clock-epoch" # a camera whose clock nobody keeps begins no earlier than this
: >"$tree/etc/machine-id" # of each start its own, in memory
mkdir -p "$tree/etc/wayside"
product="$(product_version)"
printf 'IMAGE_ID=wayside\nIMAGE_VERSION=%s\nBUILD_ID=%s\nVARIANT_ID=%s\n' "$product" "$commit" "$board" >>"$tree/usr/lib/os-release"
sed -i "s/@BOARD@/$board/" "$tree/etc/rauc/system.conf"
install -m 644 "$keyring" "$tree/etc/rauc/keyring.pem"

# --- kernel modules: those that the board names and what they need
modules="$tree/usr/lib/modules/$version"
mkdir -p "$modules"
cp "$kernel/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$modules"
depmod -b "$kernel" "$version"
# modules_of <list>...: their files, each after those that it needs.
modules_of() {
    local module
    for module in $(names_in "$@"); do
        modprobe -d "$kernel" -S "$version" --show-depends "$module" ||
            die "the kernel $version has no module $module: correct $*"
    done | sed -n "s#^insmod $kernel/*\([^ ]*\).*#\1#p" | awk '!seen[$0]++'
}
modules_of "$recipe/modules.txt" "$recipe/boards/$board/modules.txt" >"$out/modules"
modules_of "$recipe/modules-early.txt" "$recipe/boards/$board/modules-early.txt" >"$out/modules-early"
(cd "$kernel" && sort -u "$out/modules" "$out/modules-early" | tar -chf - -T -) | tar -C "$tree/usr" --strip-components=0 -xf -
depmod -b "$tree" "$version"

# --- users and services
systemd-sysusers --root="$tree" >"$out/users.log" 2>&1 || die "the users cannot be made: $(tail -n 1 "$out/users.log")"
sed -i -e 's#^\(root:.*\):[^:]*$#\1:/usr/sbin/nologin#' "$tree/etc/passwd"
rm -f "$tree"/etc/{passwd-,group-,shadow-,gshadow-,.pwd.lock}
find "$tree/etc/systemd/system" -type l -delete
systemctl --root="$tree" --quiet preset-all
systemctl --root="$tree" --quiet enable "wayside-console@$console.service"
# No prompt but the console's, whatever fails; and nobody else logs in.
for unit in getty@ serial-getty@ container-getty@ console-getty rescue debug-shell systemd-firstboot systemd-logind; do
    ln -sf /dev/null "$tree/etc/systemd/system/$unit.service"
done
# No network comes by the kernel's command line.
ln -sf /dev/null "$tree/etc/systemd/system/systemd-network-generator.service"

# --- packed
sysroot="$root/build/aarch64-sysroot"
for package in $(names_in "$recipe/compiled-in.txt"); do
    grep "^$package " "$sysroot/$unpacked" || die "$recipe/compiled-in.txt names $package, which nothing here is compiled with: correct it"
    install -D -m 644 "$sysroot/usr/share/doc/$package/copyright" "$tree/usr/share/doc/$package/copyright"
done >"$out/compiled-in"
LC_ALL=C sort -u "$tree/$unpacked" "$kernel/$unpacked" "$out/compiled-in" >"$out/packages.txt"
rm "$tree/$unpacked" "$out/compiled-in"
cp -r "$kernel/usr/share/doc/." "$tree/usr/share/doc/"
board="$board" commit="$commit" product="$product" "$recipe/sbom.sh" "$out/packages.txt" "$tree/usr/share/doc" "$out" || exit 1
cp "$out/wayside.spdx.json" "$out/licences.txt" "$tree/usr/share/wayside/"
du -sm --apparent-size "$tree" | cut -f1 >"$out/root-mb"
# Those of a working copy that is older than its commit, too, which mksquashfs would keep.
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
mksquashfs "$tree" "$out/root.squashfs" -comp zstd -Xcompression-level 19 -no-progress -no-xattrs -processors "$(nproc)" >"$out/squashfs.log" 2>&1 ||
    die "the root cannot be packed: $(tail -n 1 "$out/squashfs.log")"

# --- what finds the root
early="$out/early"
mkdir -p "$early"/{bin,dev,lib,proc,sys,root,modules}
cp "$kernel"/bin/busybox "$early/bin/busybox"
sed -e "s/@WATCHDOG@/$watchdog/" -e "s/@TRIAL_S@/$((5 * 60 + 3))/" "$recipe/init.sh" >"$early/init" # as drivers/watchdog rounds it
chmod 755 "$early/init"
# with_libraries <program>: copies it, and what it is linked with.
with_libraries() {
    local file library wanted=("$1")
    while [ ${#wanted[@]} -gt 0 ]; do
        file="${wanted[0]}"
        wanted=("${wanted[@]:1}")
        [ ! -e "$early/lib/$(basename "$file")" ] || continue
        cp "$file" "$early/lib/"
        while read -r library; do wanted+=("$tree/usr/lib/aarch64-linux-gnu/$library"); done < <(
            readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'
        )
    done
}
with_libraries "$tree/usr/sbin/dmsetup"
mv "$early/lib/dmsetup" "$early/bin/"
number=100
while read -r file; do cp "$kernel/$file" "$early/modules/$((number++))-$(basename "$file")"; done <"$out/modules-early"
pack_early "$early" >"$out/slot/initramfs"
seal_root "$out/root.squashfs" "$out/slot/initramfs"
cp "$kernel/boot/vmlinuz-$version" "$out/slot/vmlinuz"
mkdir -p "$out/loader"
take_files "$kernel" "$out/loader" "$out"
rm -r "$tree" "$kernel" "$early" "$out"/*.log "$out"/modules*
