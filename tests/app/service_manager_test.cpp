#include "src/app/service_manager.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

  doubles::TemporaryFolder folder_;
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

TEST_F(ServiceManagerTest, WithoutOneNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  manager_.ready();
  EXPECT_EQ(heard(), "");
}

}  // namespace
}  // namespace wayside::app
