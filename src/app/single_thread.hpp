// Vendor libraries that make threads of their own, held to the thread that calls them.
//
// Threads: call once, first thing in main(): it may start the program anew.
#pragma once

namespace wayside::app {

// OpenMP (in Tesseract) reads OMP_THREAD_LIMIT before main() begins, so where it is not 1 the program is
// started again with it set, in the same process. OpenCV is told by a call.
void hold_vendors_to_one_thread(char* const* argv);

}  // namespace wayside::app
