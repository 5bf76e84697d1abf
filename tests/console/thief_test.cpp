// Somebody with a cable and no account, at the program itself with its real accounts and trail.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/doubles/serial_cable.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class Thief : public testing::Test {
 protected:
  Thief() {
    fs::create_directory(folder_.path() / "state");
    start();
    answer("", "login: ");
    answer("alice", "new password: ");
    answer("correct horse battery", "once more: ");
    answer("correct horse battery", "alice is an installer now");
    EXPECT_TRUE(cable_->sees("login: "));
  }
  ~Thief() override {
    cable_->pull();
    int status = 0;
    ::waitpid(console_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
  }
  void start() {
    const std::string program = std::string(std::getenv("WAYSIDE_BINARY_DIR")) + "/bin/wayside-console";
    std::vector<std::string> words = {program, "--state", folder_.path() / "state", "--control-socket",
                                      folder_.path() / "no-daemon"};
    std::vector<char*> arguments;
    for (std::string& word : words)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    console_ = ::fork();
    if (console_ == 0) {
      ::setsid();
      for (const int own : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(cable_->far_end(), own);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    cable_->close_far();
  }
  void answer(std::string_view line, std::string_view with) {
    if (!line.empty()) cable_->type(std::string(line) + "\r");
    EXPECT_TRUE(cable_->sees(with, 20s)) << "typed: " << line << "\nawaited: " << with << "\nseen:\n"
                                         << cable_->seen();
  }
  // What is said to a guess, up to the next prompt.
  std::string guess(const std::string& name) {
    answer(name, "password: ");
    const std::size_t from = cable_->seen().size();
    answer("not the right password", "login: ");
    return cable_->seen().substr(from);
  }
  [[nodiscard]] long resident_kib() const {
    std::ifstream in("/proc/" + std::to_string(console_) + "/statm");
    long pages = 0;
    in >> pages >> pages;
    return pages * (::sysconf(_SC_PAGESIZE) / 1024);
  }

  doubles::TemporaryFolder folder_;
  std::unique_ptr<doubles::SerialCable> cable_ = std::make_unique<doubles::SerialCable>();
  pid_t console_ = 0;
};

TEST_F(Thief, FloodsTheLoginAndItTakesNoMoreMemory) {
  std::mt19937 random(1);
  std::string text(1U << 20U, 'x');
  std::string noise(1U << 20U, '\0');
  for (char& c : noise) {
    do {
      c = static_cast<char>(random());
    } while (c == '\r' || c == '\n');
  }
  cable_->type(text.substr(0, 1U << 16U) + "\r");
  cable_->type(noise.substr(0, 1U << 16U) + "\r");
  cable_->type("\x15\r");
  EXPECT_TRUE(cable_->sees("login: "));
  const long before = resident_kib();
  for (int i = 0; i < 2; ++i) {
    cable_->type(text + "\r");
    cable_->type(noise + "\x15\r");
  }
  EXPECT_TRUE(cable_->sees("login: "));
  const long grown = resident_kib() - before;
  RecordProperty("grown_kib", std::to_string(grown));
  std::printf("4 MB at the login: %ld KiB more, of %ld\n", grown, before);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(grown, 512);
#endif
}

TEST_F(Thief, HearsTheSameOfANameThatThereIsAndOfOneThatThereIsNot) {
  // Two names may share a delay, which is as likely for either.
  const auto said = [&](const std::string& name) {
    const std::string all = guess(name);
    return all.substr(0, all.find(" possible in "));
  };
  const std::string known = said("alice");
  EXPECT_THAT(known, HasSubstr("wrong name"));
  EXPECT_EQ(said("mallory"), known);
  EXPECT_EQ(said("../alice"), known);
}

TEST_F(Thief, WritesNothingOfHisOwnAnywhere) {
  for (const char* const name :
       {"forged\",\"event\":\"login\",\"name\":\"alice", "forged\xc2\x9b[2J", "forged%s%n", "../../forged"})
    guess(name);
  guess("alice");
  std::size_t files = 0;
  std::string trail;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(in), {});
    EXPECT_THAT(content, Not(HasSubstr("forged"))) << entry.path();
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("forged")));
    if (entry.path().filename() == "trail.jsonl") trail = content;
  }
  EXPECT_GE(files, 3U);
  std::size_t attempts = 0;
  for (std::size_t at = 0; (at = trail.find("\"attempt\"", at)) != std::string::npos; ++at)
    ++attempts;
  EXPECT_EQ(attempts, 5U);
}

// Another name each time, so that no delay of an earlier one counts: the most that a cable can ask for.
TEST_F(Thief, GuessesCostTheCameraAPartOfAProcessor) {
  const auto run_ns = [&] {
    std::ifstream in("/proc/" + std::to_string(console_) + "/schedstat");
    double ns = 0;
    in >> ns;
    return ns;
  };
  const double before = run_ns();
  const auto begin = std::chrono::steady_clock::now();
  int guesses = 0;
  for (; std::chrono::steady_clock::now() - begin < 6s; ++guesses)
    guess("name" + std::to_string(guesses));
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  const double percent = (run_ns() - before) / 1e9 / passed.count() * 100;
  RecordProperty("cpu_percent", std::to_string(percent));
  std::printf("%d guesses in %.1f s, %.0f %% of a processor\n", guesses, passed.count(), percent);
  EXPECT_LE(guesses, 7);
  EXPECT_LT(percent, 50);
}

}  // namespace
}  // namespace wayside
