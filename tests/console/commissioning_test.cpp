// The program itself over a pseudo terminal, with the real accounts, configuration and audit trail.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/device/audit/trail.hpp"
#include "wayside/device/clock/clock.hpp"

#include "tests/doubles/serial_cable.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* password = "correct horse battery";

class Commissioning : public testing::Test {
 protected:
  Commissioning() { fs::create_directory(state()); }
  ~Commissioning() override { stop(); }

  [[nodiscard]] static std::string program() {
    return std::string(std::getenv("WAYSIDE_BINARY_DIR")) + "/bin/wayside-console";
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {program(),
                                    "--state",
                                    state().string(),
                                    "--control-socket",
                                    (folder_.path() / "no-daemon").string(),
                                    "--requests",
                                    folder_.path().string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  [[nodiscard]] fs::path state() const { return folder_.path() / "state"; }

  pid_t start_process(const std::vector<std::string>& words, int in, int out) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::setsid();
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  doubles::SerialCable& start(unsigned rate = 0, const char* kind = "dumb") {
    cable_ = std::make_unique<doubles::SerialCable>(rate);
    console_ = start_process(command({"--rates", "115200,9600", "--terminal", kind}), cable_->far_end(),
                             cable_->far_end());
    cable_->close_far();
    return *cable_;
  }
  int wait_for_end() {
    int status = 0;
    ::waitpid(console_, &status, 0);
    console_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void stop() {
    if (cable_) cable_->pull();
    if (console_ > 0) wait_for_end();
  }
  void type(std::string_view line, std::string_view answer) {
    ++typed_;
    cable_->type(std::string(line) + "\r");
    EXPECT_TRUE(cable_->sees(answer, 20s)) << "typed: " << line << "\nawaited: " << answer << "\nseen:\n"
                                           << cable_->seen();
  }
  void make_installer() {
    ASSERT_TRUE(cable_->sees("login: ", 20s)) << cable_->seen();
    type("alice", "new password: ");
    type(password, "once more: ");
    type(password, "alice is an installer now");
    log_in();
  }
  void log_in() {
    ASSERT_TRUE(cable_->sees("login: ", 20s)) << cable_->seen();
    type("alice", "password: ");
    type(password, "alice> ");
  }
  std::string trail() const {
    std::ifstream in(state() / "audit" / "trail.jsonl");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  doubles::TemporaryFolder folder_;
  std::unique_ptr<doubles::SerialCable> cable_;
  pid_t console_ = 0;
  int typed_ = 0;
};

// As the README has it, at the speed of the line.
TEST_F(Commissioning, FromFactoryFreshToACommittedConfigurationInTwentyFiveCommands) {
  const auto begin = std::chrono::steady_clock::now();
  start(115200);
  make_installer();
  const int before_commands = std::exchange(typed_, 0);
  type("configure", "]# ");
  type("set site name \"A14 J31 eastbound lane 1\"", "]# ");
  type("set site feed_id 4", "]# ");
  type("set site source_id 12", "]# ");
  type("set site camera_id 117", "]# ");
  type("set camera source libcamera", "]# ");
  type("set upload url https://office.example:8443", "]# ");
  type("show | compare", "+ site.camera_id = 117");
  type("commit check", "It can be committed.");
  type("commit confirmed 5 comment \"first light\"", "Version 1 is committed.");
  EXPECT_TRUE(cable_->sees("waysided has not taken it up yet"));
  type("confirm", "Version 1 stays.");
  type("exit", "alice> ");
  type("show configuration site", "set site name \"A14 J31 eastbound lane 1\"");
  type("show history", "version 1 by alice");
  type("audit verify", "all whole, signed and in order");
  type("exit", "login: ");
  EXPECT_LE(before_commands + typed_, 25);
  RecordProperty("commands", before_commands + typed_);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
  stop();
  const TrailReport report = verify_trail(trail());
  EXPECT_TRUE(report.good()) << testing::PrintToString(report.faults);
  EXPECT_THAT(trail(), HasSubstr("site.camera_id"));
  EXPECT_THAT(trail(), Not(HasSubstr(password)));
}

TEST_F(Commissioning, AuditShowTellsWhatTheCameraItselfPutDown) {
  const std::unique_ptr<Clock> clock = make_system_clock();
  AuditTrail::Options options;
  options.folder = state() / "audit";
  auto camera = AuditTrail::open(options, *clock);
  ASSERT_TRUE(camera) << camera.error().message;
  ASSERT_TRUE(
      camera->append({std::string(trail_event::clock_step), {}, {{"by_ms", "-700"}, {"follows", "ntp"}}}));
  ASSERT_TRUE(camera->append({std::string(trail_event::authority),
                              {},
                              {{"before", ""}, {"after", "expired 7, stopped"}, {"reason", "it ended"}}}));
  ASSERT_TRUE(camera->append({std::string(trail_event::watch_list),
                              {},
                              {{"list", "north"}, {"state", "in_force"}, {"before", "6"}, {"after", "7"}}}));
  start();
  make_installer();
  type("audit show 20", "watch_list; from 6 to 7; list: north;");
  EXPECT_THAT(cable_->seen(), HasSubstr("clock_step; by_ms: -700; follows: ntp"));
  EXPECT_THAT(cable_->seen(), HasSubstr("authority; from none to expired 7,"));
  stop();
}

TEST_F(Commissioning, AConfirmedCommitGoesBackWhereNobodyConfirms) {
  start();
  make_installer();
  type("configure", "]# ");
  for (const char* const line : {"set site name A14", "set site feed_id 4", "set site source_id 12",
                                 "set site camera_id 117", "set camera source libcamera"})
    type(line, "]# ");
  type("commit", "Version 1 is committed.");
  type("set site name A15", "]# ");
  type("commit confirmed 1", "goes back by itself in 1 min");
  EXPECT_TRUE(cable_->sees("was not confirmed in time: version 1 runs again", 90s)) << cable_->seen();
  EXPECT_THAT(trail(), HasSubstr(R"("details":{"confirm_within":"1 min"})"));
  EXPECT_THAT(trail(), HasSubstr(R"("details":{"runs":"version 1","taken_back":"version 2"})"));
  type("show configuration site", "set site name \"A14\"");
}

TEST_F(Commissioning, AConsoleThatIsKilledLeavesTheCandidateToTheNext) {
  start();
  make_installer();
  type("configure", "]# ");
  type("set site name \"half way\"", "]# ");
  ::kill(console_, SIGKILL);
  EXPECT_EQ(wait_for_end(), -SIGKILL);
  start();
  log_in();
  type("configure", "changes that were not committed");
  type("show candidate", "half way");
}

TEST_F(Commissioning, AHangUpEndsIt) {
  start();
  make_installer();
  cable_->type("configure");
  ASSERT_TRUE(cable_->sees("configure"));
  cable_->pull();
  EXPECT_GE(wait_for_end(), 0);
  EXPECT_THAT(trail(), HasSubstr("the line hung up"));
}

// A daemon that has nothing but figures to aim by, ten times a second.
class AimingDaemon {
 public:
  explicit AimingDaemon(const fs::path& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1) != 0)
      throw std::runtime_error("no socket at " + path.string());
    thread_ = std::thread([this] { serve(); });
  }
  ~AimingDaemon() {
    ended_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

 private:
  void serve() {
    const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    char asked[1024];
    if (::read(peer, asked, sizeof asked) > 0) {
      std::string lines;
      for (int i = 0; i < 20; ++i)
        lines += "plates 84 px wide: move closer; 130 wanted\\n";
      const std::string answer = "{\"ok\":true,\"text\":\"" + lines + "\",\"aim\":{}}\n";
      while (!ended_ && ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) > 0)
        std::this_thread::sleep_for(100ms);
    }
    ::close(peer);
  }
  int listener_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

TEST_F(Commissioning, AimingTakesLessThanTwoPercentOfAProcessor) {
  const AimingDaemon daemon(folder_.path() / "no-daemon");
  start(115200, "vt100");
  make_installer();
  cable_->type("aim\r");
  ASSERT_TRUE(cable_->sees("130 wanted")) << cable_->seen();
  const auto run_ns = [&] {
    std::ifstream in("/proc/" + std::to_string(console_) + "/schedstat");
    double ns = 0;
    in >> ns;
    return ns;
  };
  const double before = run_ns();
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 5s)
    cable_->take(50);
  const double percent = (run_ns() - before) / 5e9 * 100;
  RecordProperty("cpu_percent", std::to_string(percent));
  std::printf("aiming takes %.2f %% of a processor\n", percent);
  EXPECT_GT(percent, 0);
  EXPECT_LT(percent, 2);
  type("x", "alice> ");
  EXPECT_THAT(trail(), HasSubstr("picture_viewed"));
}

TEST_F(Commissioning, NobodyWipesOverAPseudoTerminal) {
  start();
  make_installer();
  type("wipe", "only done at the camera");
  EXPECT_FALSE(fs::exists(folder_.path() / "reboot"));
  type("reboot", "Type \"reboot\" to go on: ");
  type("reboot", "is being started again");
  EXPECT_TRUE(fs::exists(folder_.path() / "reboot"));
}

TEST_F(Commissioning, DamagedStateTakesNothingElseWithIt) {
  start();
  make_installer();
  type("exit", "login: ");
  stop();
  fs::remove_all(state() / "audit");
  std::ofstream(state() / "audit") << "no folder";
  fs::remove_all(state() / "config");
  std::ofstream(state() / "config") << "no folder";
  start();
  ASSERT_TRUE(cable_->sees("login: ", 20s));
  type("alice", "password: ");
  type(password, "This cannot be put on record");
  ASSERT_TRUE(cable_->sees("alice> "));
  type("configure", "config");
  type("show version", "Wayside ");
}

TEST_F(Commissioning, LinesOfAFileAreDoneAfterALogin) {
  start();
  make_installer();
  type("exit", "login: ");
  stop();
  const fs::path file = folder_.path() / "commission.txt";
  std::ofstream(file) << "# lane 1\nconfigure\nset site name \"A14\"\nset site nmae x\ncommit\n";
  int in[2];
  int out[2];
  ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
  console_ = start_process(command({"--file", file.string()}), in[0], out[1]);
  ::close(in[0]);
  ::close(out[1]);
  const std::string login = std::string("alice\n") + password + "\n";
  ASSERT_EQ(::write(in[1], login.data(), login.size()), static_cast<ssize_t>(login.size()));
  ::close(in[1]);
  std::string seen;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(out[0], part, sizeof part)) > 0;)
    seen.append(part, static_cast<std::size_t>(got));
  ::close(out[0]);
  EXPECT_EQ(wait_for_end(), 1);
  EXPECT_THAT(seen, HasSubstr("did you mean \"name\"?"));
  EXPECT_THAT(seen, HasSubstr("Line 4 failed: what follows was not done."));
}

}  // namespace
}  // namespace wayside
