# How a camera starts, as U-Boot runs it: the slot on trial as often as the boot state still gives it, else the confirmed one,
# and where that cannot be loaded the other.
# The boot state is a partition of two copies, 4 KiB each and 8 MiB (4000 sectors, in hex) apart, of an environment with its CRC:
# a power cut spoils one at most. What its names mean stands in include/wayside/device/update/boot_state.hpp.
# @KIND@, @NUMBER@ and @CONSOLE@ are the board's (boards/).
setenv slot a
setenv trial
setenv left
setenv starts
setenv counted
if part start @KIND@ @NUMBER@ bootstate first; then
  setexpr second ${first} + 4000
  if @KIND@ read ${scriptaddr} ${first} 8 && env import -c ${scriptaddr} 1000 slot trial left starts; then
    true
  elif @KIND@ read ${scriptaddr} ${second} 8 && env import -c ${scriptaddr} 1000 slot trial left starts; then
    true
  fi
  if test "${slot}" != b; then setenv slot a; fi
  if test "${trial}" = a || test "${trial}" = b; then
    # A start that cannot be counted is none: the trial could go on for ever.
    if test -n "${left}" && test "${trial}" != "${slot}" && test "${left}" -gt 0; then
      setexpr left ${left} - 1
      if env export -c -s 1000 ${scriptaddr} slot trial left starts && @KIND@ write ${scriptaddr} ${first} 8 && @KIND@ write ${scriptaddr} ${second} 8; then
        setenv counted ${trial}
      fi
    fi
  fi
fi
if test "${slot}" = b; then setenv slots "b a"; else setenv slots "a b"; fi
# Another name than slot: a variable that is set goes before the loop's own.
for try in ${counted} ${slots}; do
  setenv more
  if test "${try}" = "${counted}"; then setenv more wayside.trial=1; fi
  echo "starting slot ${try} ${more}"
  if part number @KIND@ @NUMBER@ boot_${try} number && load @KIND@ @NUMBER@:${number} ${kernel_addr_r} vmlinuz && load @KIND@ @NUMBER@:${number} ${ramdisk_addr_r} initramfs; then
    setenv bootargs "console=@CONSOLE@ wayside.slot=${try} rauc.slot=${try} ${more} quiet loglevel=4 panic=10 systemd.crash_reboot=yes gpt fsck.repair=yes systemd.show_status=error"
    booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}
  fi
  echo "slot ${try} does not start"
  # In its own turn it would be no trial.
  if test "${try}" = "${counted}"; then setenv counted; fi
done
reset
