#include "src/app/service_manager.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/app/daemon.hpp"
#include "src/app/main_events.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

// Listens where systemd would.
class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManagerTest() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const std::string path = (folder_.path() / "notify").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~ServiceManagerTest() override {
    ::close(socket_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(name);
  }
  std::string heard() {
    std::array<char, 512> text{};
    const ssize_t length = ::recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return length <= 0 ? std::string{} : std::string(text.data(), static_cast<std::size_t>(length));
  }
  // With a recording, and without models, so that it ends where it has its queue.
  Status run_daemon_without_models() {
    const std::filesystem::path pictures = folder_.path() / "pictures";
    std::filesystem::create_directories(pictures);
    std::ofstream(pictures / "1.pgm") << "P5 2 2 255\n1234";
    Configuration configuration;
    configuration.camera.source = "replay:" + pictures.string();
    configuration.queue.directory = queue_;
    configuration.queue.segments = 4;
    configuration.identity.directory = folder_.path() / "identity";
    DaemonOptions options;
    options.models = folder_.path() / "models";
    options.until_delivered = std::chrono::seconds(0);
    return run_daemon(configuration, options);
  }

  doubles::TemporaryFolder folder_;
  const std::filesystem::path queue_ = folder_.path() / "queue";
  int socket_;
  ServiceManager manager_;
};

TEST_F(ServiceManagerTest, IsToldEachThingInItsOwnWord) {
  manager_.ready();
  EXPECT_EQ(heard(), "READY=1");
  manager_.alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  manager_.status("3 vehicles recorded");
  EXPECT_EQ(heard(), "STATUS=3 vehicles recorded");
  manager_.stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, TheWatchdogsLimitIsTakenFromTheEnvironment) {
  EXPECT_EQ(manager_.watchdog_limit(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(manager_.watchdog_limit(), std::chrono::seconds(30));
  ::setenv("WATCHDOG_PID", "1", 1);  // another process's
  EXPECT_EQ(manager_.watchdog_limit(), std::nullopt);
}

TEST_F(ServiceManagerTest, HearsOfEachSegmentOfAQueueThatIsMadeSoThatNoLimitEndsTheDaemon) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_FALSE(run_daemon_without_models());
  for (const std::string made : {"1", "2", "3", "4"}) {
    EXPECT_EQ(heard(), "STATUS=the queue is being made: " + made +
                           " of 4 segments\nWATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000");
  }
  EXPECT_EQ(heard(), "");
  EXPECT_FALSE(run_daemon_without_models());
  EXPECT_EQ(heard(), "") << "of a queue that is there nothing is made";
}

TEST_F(ServiceManagerTest, HearsThatADaemonEndsThoughItsQueueIsNotMadeYet) {
  {
    const MainEvents before;  // what it catches is the daemon's
    ::raise(SIGTERM);
  }
  const Status ended = run_daemon_without_models();
  EXPECT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(heard(), "STOPPING=1");
  EXPECT_EQ(heard(), "");
  EXPECT_TRUE(std::filesystem::exists(queue_ / "seg-0000"));
  EXPECT_FALSE(std::filesystem::exists(queue_ / "seg-0001"));
}

TEST_F(ServiceManagerTest, WithoutOneNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  manager_.ready();
  EXPECT_EQ(heard(), "");
}

}  // namespace
}  // namespace wayside::app
