// Tells every test program where the source, the build and the measuring pictures are, whoever starts it. What is set
// in the environment wins.
#include <cstdlib>

namespace {

const bool told = [] {
  ::setenv("WAYSIDE_SOURCE_DIR", WAYSIDE_TEST_SOURCE_DIR, 0);
  ::setenv("WAYSIDE_BINARY_DIR", WAYSIDE_TEST_BINARY_DIR, 0);
  ::setenv("WAYSIDE_SHARED_DATA", WAYSIDE_TEST_SHARED_DATA, 0);
  return true;
}();

}  // namespace
