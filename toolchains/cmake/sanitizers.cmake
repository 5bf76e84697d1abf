# WAYSIDE_SANITIZE is a comma list as the compiler takes it ("address,undefined", "thread"); empty means none.
set(WAYSIDE_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize takes them")
# Clang only: the programs of tests/fuzz become libFuzzer's, guided by which lines an input reaches.
option(WAYSIDE_LIBFUZZER "Fuzz targets with clang's libFuzzer instead of tests/fuzz/driver.cpp" OFF)
if(WAYSIDE_LIBFUZZER)
  set(WAYSIDE_SANITIZE fuzzer-no-link,address,undefined)
endif()
if(WAYSIDE_SANITIZE)
  add_compile_options(-fsanitize=${WAYSIDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WAYSIDE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)  # GCC sees ghosts in what it has instrumented (its manual, -fsanitize)
  endif()
endif()
