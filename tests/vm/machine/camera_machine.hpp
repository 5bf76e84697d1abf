// A virtual machine with a USB socket for a camera, device nodes as the kernel and udev make them, and a
// network on which the host is 10.0.2.2.
//
// Threads, ownership, failure: as VirtualMachine.
#pragma once

#include <filesystem>

#include "tests/vm/machine/usb_camera.hpp"
#include "tests/vm/machine/virtual_machine.hpp"

namespace wayside::vm {

inline constexpr const char* host_seen_from_the_guest = "10.0.2.2";

inline MachineOptions camera_machine(const std::filesystem::path& folder) {
  MachineOptions options;
  options.console = folder / "console";
  options.memory_mib = 1024;
  options.more = usb_words(folder / "usb");
  for (const char* word : {"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="})
    options.more.emplace_back(word);
  return options;
}

// False: something of it failed; the console says what.
inline bool make_ready(VirtualMachine& machine) {
  const char* const steps[] = {
      "modprobe virtio_net && cd /sys/class/net && for card in e*; do busybox ifconfig lo 127.0.0.1 up && "
      "busybox ifconfig $card 10.0.2.15 netmask 255.255.255.0 up && busybox route add default gw 10.0.2.2; "
      "done",
      "(busybox pidof systemd-udevd || /lib/systemd/systemd-udevd --daemon) && modprobe uvcvideo && modprobe "
      "xhci_pci && udevadm settle",
  };
  for (const char* step : steps) {
    if (machine.run(std::string("(") + step + ") >&2").exit_code != 0) return false;
  }
  return true;
}

}  // namespace wayside::vm
