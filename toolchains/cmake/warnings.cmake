# Warnings are errors, in our code only: vendor headers come in as SYSTEM.
add_library(wayside_warnings INTERFACE)
target_compile_options(wayside_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough -Wformat=2 -Werror)
# Paths of the build machine stay out of binaries, assertions and logs.
target_compile_options(wayside_warnings INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(wayside_warnings INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE)
  # As needed: what a program links but does not use, it does not load, and a camera does not carry.
  target_link_options(wayside_warnings INTERFACE -Wl,-z,relro,-z,now -pie -Wl,--as-needed)
endif()
