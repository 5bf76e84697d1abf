// Tells every test program where the source, the build and the measuring pictures are, whoever starts it.
// What is set in the environment wins.
#include <cstdlib>

namespace {

const bool told = [] {
  ::setenv("WAYSIDE_SOURCE_DIR", WAYSIDE_TEST_SOURCE_DIR, 0);
  ::setenv("WAYSIDE_BINARY_DIR", WAYSIDE_TEST_BINARY_DIR, 0);
  ::setenv("WAYSIDE_SHARED_DATA", WAYSIDE_TEST_SHARED_DATA, 0);
  return true;
}();

}  // namespace

#ifdef __SANITIZE_THREAD__
// What orders threads inside of a library that was not built with the sanitizer, it does not see: OpenSSL's
// own locks, and the guards of the regular expressions that httplib keeps.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:ASN1_STRING_cmp\nrace:std::__detail::\n";
}
#endif
