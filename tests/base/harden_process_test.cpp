// A hardened process leaves no core file and cannot be looked into. In a child, since there is no way back.
#include "wayside/base/harden_process.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wayside {
namespace {

// What the child found, as its exit code.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    harden_process();
    ::_exit(body());
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child ? status : -1;
}

TEST(HardenProcess, NoCoreFileMayBeWritten) {
  EXPECT_EQ(in_child([] {
              rlimit core{1, 1};
              const rlimit more{1, 1};
              const bool none =
                  ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
              // Only root may lift it again.
              const bool stays = ::geteuid() == 0 || ::setrlimit(RLIMIT_CORE, &more) != 0;
              return none && stays ? 0 : 1;
            }),
            0);
  const int killed = in_child([] {
    ::raise(SIGQUIT);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(killed));
#ifdef WCOREDUMP
  EXPECT_FALSE(WCOREDUMP(killed));
#endif
}

#ifdef NDEBUG
TEST(HardenProcess, NobodyMayLookIntoIt) {
  EXPECT_EQ(in_child([] { return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }), 0);
}
#endif

}  // namespace
}  // namespace wayside
