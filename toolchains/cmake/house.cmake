# The house rules as functions. A leaf folder is one target: its *.cpp are its sources, so that adding a file
# needs no edit here, and a file outside every leaf folder fails the configuration (wayside_check_no_strays).

# Several files of the target are compiled as one, which takes less than half the time: what they include is read once. Two
# files of a folder cannot give a name in an anonymous namespace two meanings, then (seen where they come into one batch).
# Whether each file can stand alone, and whether a name hides another, the other presets see.
function(wayside_compile_in_batches target)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  if(NOT TARGET wayside_in_batches)
    add_library(wayside_in_batches INTERFACE)
    # To GCC, what a file includes is a header, where nothing belongs to one file alone.
    target_compile_options(wayside_in_batches INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
  target_link_libraries(${target} PRIVATE wayside_in_batches)
endfunction()

# wayside_library(<folder> [NEEDS <our folders or vendor targets seen in headers>] [VENDOR <vendor targets used inside>])
# makes the static library wayside_<folder with _> and its alias wayside::<same>.
function(wayside_library folder)
  cmake_parse_arguments(ARG "" "" "NEEDS;VENDOR" ${ARGN})
  string(REGEX REPLACE "^src/" "" name ${folder})
  string(REPLACE "/" "_" name ${name})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "${folder} is listed in CMakeLists.txt but holds no .cpp file")
  endif()
  add_library(wayside_${name} STATIC ${sources})
  add_library(wayside::${name} ALIAS wayside_${name})
  target_include_directories(wayside_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(wayside_${name} PUBLIC ${ARG_NEEDS} PRIVATE wayside_warnings ${ARG_VENDOR})
  wayside_compile_in_batches(wayside_${name})
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${sources})
endfunction()

# wayside_program(<program name> <main file> [COMPONENT camera] NEEDS ...): one main file, one program, in bin/. What a
# camera carries is installed apart too (cmake --install --component camera).
function(wayside_program program main)
  cmake_parse_arguments(ARG "" "COMPONENT" "NEEDS" ${ARGN})
  if(NOT ARG_COMPONENT)
    set(ARG_COMPONENT tools)
  endif()
  add_executable(${program} ${PROJECT_SOURCE_DIR}/${main})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${program} PRIVATE ${ARG_NEEDS} wayside_warnings)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${program} RUNTIME DESTINATION bin COMPONENT ${ARG_COMPONENT})
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${PROJECT_SOURCE_DIR}/${main})
endfunction()

# wayside_tests(<folder> [LABEL <ctest label>] [TIMEOUT <s>] NEEDS ...): every *_test.cpp of the folder, one executable.
# Tests find what they need through the environment (tests/doubles/environment.cpp): WAYSIDE_SOURCE_DIR,
# WAYSIDE_BINARY_DIR, WAYSIDE_SHARED_DATA.
function(wayside_tests folder)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "NEEDS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "${folder} is listed in CMakeLists.txt but holds no .cpp file")
  endif()
  if(NOT TARGET wayside_test_environment)
    add_library(wayside_test_environment OBJECT ${PROJECT_SOURCE_DIR}/tests/doubles/environment.cpp)
    target_compile_definitions(wayside_test_environment PRIVATE WAYSIDE_TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
      WAYSIDE_TEST_BINARY_DIR="${PROJECT_BINARY_DIR}" WAYSIDE_TEST_SHARED_DATA="${WAYSIDE_SHARED_DATA}")
    set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${PROJECT_SOURCE_DIR}/tests/doubles/environment.cpp)
  endif()
  add_executable(${name} ${sources} $<TARGET_OBJECTS:wayside_test_environment>)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_NEEDS} wayside_warnings GTest::gmock GTest::gtest_main)
  # What they test is optimised; that they are not, and that headers which all of them have are compiled once, saves much of
  # compiling them, which is half of a build. Whether each includes what it needs the other presets see.
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    if(NOT TARGET wayside_test_headers)
      file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/test_headers.cpp CONTENT "")
      add_library(wayside_test_headers OBJECT ${PROJECT_BINARY_DIR}/generated/test_headers.cpp)
      set_target_properties(wayside_test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)  # as programs, by wayside_warnings
      target_compile_options(wayside_test_headers PRIVATE -fPIE -O0)
      target_link_libraries(wayside_test_headers PRIVATE wayside::base wayside_warnings GTest::gmock)
      target_precompile_headers(wayside_test_headers PRIVATE <algorithm> <chrono> <filesystem> <fstream> <map> <set> <string> <thread>
        <vector> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
    endif()
    target_compile_options(${name} PRIVATE -O0 $<$<AND:$<BOOL:${CCACHE}>,$<CXX_COMPILER_ID:GNU>>:-fpch-preprocess>)
    target_precompile_headers(${name} REUSE_FROM wayside_test_headers)
    wayside_compile_in_batches(${name})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  string(REGEX REPLACE "^tests/" "" prefix ${folder})
  gtest_discover_tests(${name} TEST_PREFIX "${prefix}/" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES
    TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABEL}"
    ENVIRONMENT OMP_THREAD_LIMIT=1)
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${sources})
endfunction()

# wayside_test_program(<program name> <main file> NEEDS ...): a program that tests start, beside them.
function(wayside_test_program program main)
  cmake_parse_arguments(ARG "" "" "NEEDS" ${ARGN})
  add_executable(${program} ${PROJECT_SOURCE_DIR}/${main})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${program} PRIVATE ${ARG_NEEDS} wayside_warnings)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${PROJECT_SOURCE_DIR}/${main})
endfunction()

# wayside_test_plugin(<name> <file>): what a program that tests start loads, beside them.
function(wayside_test_plugin name file)
  add_library(${name} MODULE ${PROJECT_SOURCE_DIR}/${file})
  target_link_libraries(${name} PRIVATE wayside_warnings)
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${PROJECT_SOURCE_DIR}/${file})
endfunction()

# wayside_bench(<main file> NEEDS ...): a program of benchmarks in tests/, run as briefly as it can be by a test labelled bench.
function(wayside_bench main)
  cmake_parse_arguments(ARG "" "" "NEEDS" ${ARGN})
  get_filename_component(name ${main} NAME_WE)
  find_package(benchmark REQUIRED)
  add_executable(${name} ${PROJECT_SOURCE_DIR}/${main} $<TARGET_OBJECTS:wayside_test_environment>)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_NEEDS} wayside_warnings GTest::gtest benchmark::benchmark)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME bench/${name} COMMAND ${name} --benchmark_min_time=0.01)
  set_tests_properties(bench/${name} PROPERTIES LABELS bench TIMEOUT 600)
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${PROJECT_SOURCE_DIR}/${main})
endfunction()

# wayside_fuzz_targets(<folder> NEEDS ...): every <parser>_fuzz.cpp of the folder, one executable each, which runs the seeds in
# seeds/<parser>/ and mutations of them. With WAYSIDE_LIBFUZZER (clang) libFuzzer is the main program, else driver.cpp.
function(wayside_fuzz_targets folder)
  cmake_parse_arguments(ARG "" "" "NEEDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*_fuzz.cpp)
  set(driver ${PROJECT_SOURCE_DIR}/${folder}/driver.cpp)
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${sources} ${driver})
  add_library(wayside_fuzz_main OBJECT ${driver})
  target_include_directories(wayside_fuzz_main PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(wayside_fuzz_main PRIVATE wayside::base wayside_warnings)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" parser ${name})
    set(seeds ${PROJECT_SOURCE_DIR}/${folder}/seeds/${parser})
    if(NOT IS_DIRECTORY ${seeds})
      message(FATAL_ERROR "${name}.cpp has no seeds: put some inputs into ${seeds}")
    endif()
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${ARG_NEEDS} wayside_warnings)
    target_link_options(${name} PRIVATE -Wl,--as-needed)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    if(WAYSIDE_LIBFUZZER)
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
      continue()
    endif()
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:wayside_fuzz_main>)
    add_test(NAME fuzz/${parser} COMMAND ${name} ${seeds} --runs 300)
    set_tests_properties(fuzz/${parser} PROPERTIES LABELS fuzz TIMEOUT 300 ENVIRONMENT OMP_THREAD_LIMIT=1)
  endforeach()
endfunction()

# wayside_leave_out(<folder>...): their sources are in no target of this kind of build, and meant to be in none.
function(wayside_leave_out)
  foreach(folder ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
    set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${sources})
  endforeach()
endfunction()

# Every source and test file must have been claimed by one of the functions above.
function(wayside_check_no_strays)
  file(GLOB_RECURSE present CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp ${PROJECT_SOURCE_DIR}/drivers/*.cpp
    ${PROJECT_SOURCE_DIR}/tests/*.cpp)
  get_property(claimed GLOBAL PROPERTY WAYSIDE_SOURCES)
  list(REMOVE_ITEM present ${claimed})
  if(present)
    list(JOIN present "\n  " strays)
    message(FATAL_ERROR "in no target (list their folder in CMakeLists.txt, or move or delete them):\n  ${strays}")
  endif()
endfunction()
