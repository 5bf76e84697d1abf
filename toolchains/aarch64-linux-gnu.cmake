# Builds for the camera's processor (64-bit ARM) on another machine, against the libraries that toolchains/aarch64.sh puts
# into build/aarch64-sysroot. Used by the preset aarch64-release.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
# Debian's folders are named so; CMake asks a compiler for it only where the sysroot is the compiler's own.
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

get_filename_component(WAYSIDE_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-sysroot ABSOLUTE)
if(NOT EXISTS ${WAYSIDE_SYSROOT}/usr/include)
  message(FATAL_ERROR "there is no ${WAYSIDE_SYSROOT}: run toolchains/aarch64.sh --prepare")
endif()
set(CMAKE_SYSROOT ${WAYSIDE_SYSROOT})
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# Nothing of the building machine's own.
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${WAYSIDE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${WAYSIDE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${WAYSIDE_SYSROOT}/usr/share/pkgconfig)

# Tests run here as they would there.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L ${WAYSIDE_SYSROOT})
