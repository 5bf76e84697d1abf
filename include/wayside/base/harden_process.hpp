// Keeps what a process has in memory from being read by others.
#pragma once

namespace wayside {

// No core file, whoever asks for one, and no debugger or /proc/<pid>/mem for other processes of the same
// user: both would show plates and keys in clear. In a build with assertions a debugger may still attach. To
// be called first thing, before threads are started and anything secret is read.
void harden_process();

}  // namespace wayside
