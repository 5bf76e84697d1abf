# How a camera starts, as U-Boot runs it: the slot that the boot state names, and where that cannot be loaded the other.
# The boot state is a partition of two copies, 4 KiB each, of an environment with its CRC: a power cut spoils one at most.
# @KIND@, @NUMBER@ and @CONSOLE@ are the board's (boards/).
setenv slot a
if part start @KIND@ @NUMBER@ bootstate first; then
  setexpr second ${first} + 8
  if @KIND@ read ${scriptaddr} ${first} 8 && env import -c ${scriptaddr} 1000 slot; then
    true
  elif @KIND@ read ${scriptaddr} ${second} 8 && env import -c ${scriptaddr} 1000 slot; then
    true
  fi
fi
if test "${slot}" = b; then setenv slots "b a"; else setenv slots "a b"; fi
# Another name than slot: a variable that is set goes before the loop's own.
for try in ${slots}; do
  echo "starting slot ${try}"
  if part number @KIND@ @NUMBER@ boot_${try} number && load @KIND@ @NUMBER@:${number} ${kernel_addr_r} vmlinuz && load @KIND@ @NUMBER@:${number} ${ramdisk_addr_r} initramfs; then
    setenv bootargs "console=@CONSOLE@ wayside.slot=${try} quiet loglevel=4 panic=10 systemd.show_status=no"
    booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}
  fi
  echo "slot ${try} does not start"
done
reset
