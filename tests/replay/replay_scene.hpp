// A drawn road with its truth, a camera enrolled at a back office, and the real waysided: what an end to end
// test needs.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/roadsim/scene/recording.hpp"
#include "wayside/roadsim/scene/scenario.hpp"
#include "wayside/roadsim/scene/scene.hpp"

#include "tests/doubles/back_office_double.hpp"

extern char** environ;

namespace wayside::replay_test {

namespace fs = std::filesystem;

inline fs::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr)
    throw std::runtime_error(std::string(name) + " is not set: run the tests through ctest");
  return value;
}

// Two cars in daylight, a few seconds: small enough for a debug build, real enough to be read.
inline roadsim::Recorded draw_scene(const fs::path& out) {
  const auto press = roadsim::PlatePress::load(from_environment("WAYSIDE_SOURCE_DIR") / "models" / "plates");
  if (!press) throw std::runtime_error(press.error().message);
  auto scenario = roadsim::preset_scenario("day");
  if (!scenario) throw std::runtime_error(scenario.error().message);
  scenario->seed = 5;
  scenario->fps = 12.5;
  scenario->vehicles = 2;
  const auto scene = roadsim::Scene::make(*scenario, *press);
  if (!scene) throw std::runtime_error(scene.error().message);
  auto recorded = roadsim::record_scene(*scene, out);
  if (!recorded) throw std::runtime_error(recorded.error().message);
  return std::move(*recorded);
}

// One running program, waysided if not said otherwise. What it prints, the log, goes into a file.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const fs::path& log,
          const fs::path& installed = from_environment("WAYSIDE_BINARY_DIR"),
          const std::string& name = "waysided")
      : log_(log) {
    const std::string program = (installed / "bin" / name).string();
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments)
      words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    const int failed = posix_spawn(&pid_, program.c_str(), &files, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw std::runtime_error("cannot start " + program);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void send(int signal) const { ::kill(pid_, signal); }
  // The exit code, or minus the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  [[nodiscard]] std::string log() const {
    std::ifstream in(log_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Looks into the log until it holds the text; false: two minutes have passed, or the program has ended
  // without it.
  [[nodiscard]] bool wait_for_log(const std::string& text) const {
    for (int i = 0; i < 2400; ++i) {
      if (log().find(text) != std::string::npos) return true;
      siginfo_t info{};
      ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
      if (info.si_pid == pid_) return log().find(text) != std::string::npos;
      ::usleep(50'000);
    }
    return false;
  }

 private:
  fs::path log_;
  pid_t pid_ = -1;
};

// The numbers of the records that a log says are safe.
inline std::set<std::uint64_t> stored_in(const std::string& log) {
  static const std::regex line("record_stored record=([0-9]+)");
  std::set<std::uint64_t> numbers;
  for (std::sregex_iterator i(log.begin(), log.end(), line), end; i != end; ++i) {
    numbers.insert(std::stoull((*i)[1].str()));
  }
  return numbers;
}

// What the back office has, by queue and number.
struct Delivered {
  std::map<std::string, std::map<std::uint64_t, std::string>> documents;
  std::size_t incomplete = 0;
  [[nodiscard]] std::set<std::uint64_t> numbers() const {
    std::set<std::uint64_t> all;
    for (const auto& [queue, records] : documents) {
      for (const auto& [number, document] : records)
        all.insert(number);
    }
    return all;
  }
};
inline Delivered delivered_to(backoffice::Store& store) {
  Delivered delivered;
  const Status visited = store.visit({}, [&](const backoffice::StoredRecord& record) -> Status {
    delivered.documents[record.id.queue_uuid][record.id.number] = record.document;
    delivered.incomplete += record.complete() ? 0 : 1;
    return {};
  });
  if (!visited) throw std::runtime_error(visited.error().message);
  return delivered;
}

}  // namespace wayside::replay_test
