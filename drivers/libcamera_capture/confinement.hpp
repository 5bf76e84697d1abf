// What a process that only captures may still do to files: read the system's own, and use devices.
//
// Threads: before any is started; holds for all that come. Needs no privilege. Source: landlock(7).
#pragma once

namespace wayside::libcamera_capture {

// No new privileges, an end with its parent, and of the file system only /dev (to read and write), and /usr,
// /lib, /etc, /sys and /run/udev (to read): neither the queue nor the keys. False: this kernel has no
// Landlock, and the file system stays as open as the user's rights leave it.
[[nodiscard]] bool confine_this_process();

}  // namespace wayside::libcamera_capture
