# The house rules as functions. A leaf folder is one target: its *.cpp are its sources, so that adding a file
# needs no edit here, and a file outside every leaf folder fails the configuration (wayside_check_no_strays).

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
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${sources})
endfunction()

# wayside_program(<program name> <main file> NEEDS ...): one main file, one program, in bin/.
function(wayside_program program main)
  cmake_parse_arguments(ARG "" "" "NEEDS" ${ARGN})
  add_executable(${program} ${PROJECT_SOURCE_DIR}/${main})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${program} PRIVATE ${ARG_NEEDS} wayside_warnings)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${program} RUNTIME DESTINATION bin)
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${PROJECT_SOURCE_DIR}/${main})
endfunction()

# wayside_tests(<folder> [LABEL <ctest label>] [TIMEOUT <s>] NEEDS ...): every *_test.cpp of the folder, one executable.
# Tests find what they need through the environment: WAYSIDE_SOURCE_DIR, WAYSIDE_BINARY_DIR, WAYSIDE_SHARED_DATA.
function(wayside_tests folder)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "NEEDS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "${folder} is listed in CMakeLists.txt but holds no .cpp file")
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_NEEDS} wayside_warnings GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  string(REGEX REPLACE "^tests/" "" prefix ${folder})
  gtest_discover_tests(${name} TEST_PREFIX "${prefix}/" DISCOVERY_MODE PRE_TEST PROPERTIES
    TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABEL}"
    ENVIRONMENT "WAYSIDE_SOURCE_DIR=${PROJECT_SOURCE_DIR};WAYSIDE_BINARY_DIR=${PROJECT_BINARY_DIR};WAYSIDE_SHARED_DATA=${WAYSIDE_SHARED_DATA};OMP_THREAD_LIMIT=1")
  set_property(GLOBAL APPEND PROPERTY WAYSIDE_SOURCES ${sources})
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
