// The unit that the camera runs under, as systemd itself judges it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace {

struct Said {
  int code = -1;
  std::string text;
};

Said run(const std::string& command) {
  Said out;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> part{};
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe))
    out.text.append(part.data(), got);
  const int status = ::pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ServiceUnit : public testing::Test {
 protected:
  void SetUp() override {
    if (run("systemd-analyze --version").code != 0)
      GTEST_SKIP() << "systemd-analyze is not installed; toolchains/packages-tests.txt";
  }
  const std::string folder_ = std::string(std::getenv("WAYSIDE_SOURCE_DIR")) + "/toolchains/systemd";
};

TEST_F(ServiceUnit, IsExposedLittle) {
  const Said said = run("systemd-analyze security --offline=true --no-pager --threshold=21 " + folder_ +
                        "/waysided.service");
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, testing::HasSubstr("Overall exposure level for waysided.service: 2."));
}

TEST_F(ServiceUnit, HasNoLineThatSystemdPassesOver) {
  for (const char* unit :
       {"/waysided.service", "/wayside-wipe.service", "/wayside-wipe.path", "/wayside-network.service",
        "/wayside-network.path", "/wayside-network.timer", "/wayside-update.service", "/wayside-update.path",
        "/wayside-update-started.service", "/wayside-update-deadline.service",
        "/wayside-update-deadline.timer"}) {
    const Said said = run("systemd-analyze verify --man=no " + folder_ + unit);
    EXPECT_THAT(said.text, testing::Not(testing::ContainsRegex("ignoring|Unknown|Failed to parse")))
        << said.text;
  }
}

TEST_F(ServiceUnit, WhatUpdatesIsExposedLittleForAProgramOfRoots) {
  for (const char* unit :
       {"wayside-update.service", "wayside-update-started.service", "wayside-update-deadline.service"}) {
    const Said said =
        run("systemd-analyze security --offline=true --no-pager --threshold=25 " + folder_ + "/" + unit);
    EXPECT_EQ(said.code, 0) << said.text;
  }
}

// A trial's count of starts is one of the machine's, and the camera goes by what it says.
TEST_F(ServiceUnit, WhatLooksAfterUpdatesRunsOnceBeforeTheCamera) {
  const std::string started = text_of(folder_ + "/wayside-update-started.service");
  EXPECT_THAT(started, testing::HasSubstr("\nRemainAfterExit=yes\n"));
  EXPECT_THAT(started, testing::HasSubstr("\nBefore=waysided.service"));
  EXPECT_THAT(text_of(folder_ + "/wayside-update-deadline.timer"), testing::HasSubstr("\nOnBootSec=10min\n"));
}

// The console on a serial line, as systemd would start it.
TEST_F(ServiceUnit, TheConsoleIsExposedLessAndHasNoSuchLineEither) {
  const std::string folder = testing::TempDir() + "wayside-console-unit";
  const std::string unit = folder + "/wayside-console@ttyS0.service";
  ASSERT_EQ(
      run("rm -rf " + folder + " && mkdir -p " + folder + " && cp " + folder_ + "/wayside-console@.service " +
          unit + " && cp " + folder_ + "/wayside-reboot.* " + folder_ + "/wayside-console-local* " + folder)
          .code,
      0);
  const Said said = run("systemd-analyze security --offline=true --no-pager --threshold=10 " + unit);
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_THAT(said.text, testing::HasSubstr("Overall exposure level for wayside-console@ttyS0.service: 1.0"));
  EXPECT_EQ(run("systemd-analyze security --offline=true --no-pager --threshold=10 " + folder +
                "/wayside-console-local@.service")
                .code,
            0);
  for (const std::string& one :
       {unit, folder + "/wayside-reboot.path", folder + "/wayside-reboot.service",
        folder + "/wayside-console-local.socket", folder + "/wayside-console-local@.service"}) {
    EXPECT_THAT(run("systemd-analyze verify --man=no " + one).text,
                testing::Not(testing::ContainsRegex("ignoring|Unknown|Failed to parse")));
  }
  run("rm -r " + folder);
}

// Nobody has to think of enabling what is only asked for.
TEST_F(ServiceUnit, WhatItAsksForComesWithIt) {
  EXPECT_THAT(text_of(folder_ + "/wayside-console@.service"),
              testing::HasSubstr("\nWants=wayside-reboot.path wayside-wipe.path\n"));
  EXPECT_THAT(text_of(folder_ + "/wayside-console@.service"),
              testing::HasSubstr("\nStartLimitIntervalSec=0\n"));
  EXPECT_THAT(text_of(folder_ + "/wayside-console-local@.service"),
              testing::HasSubstr("\nWants=wayside-reboot.path\n"));
  EXPECT_THAT(text_of(folder_ + "/waysided.service"), testing::HasSubstr("\nWants=wayside-wipe.service\n"));
  EXPECT_THAT(text_of(folder_ + "/waysided.service"),
              testing::HasSubstr("\nWants=wayside-network.path wayside-network.timer\n"));
  EXPECT_THAT(text_of(folder_ + "/waysided.service"),
              testing::HasSubstr("\nExecStart=/usr/bin/waysided --store /var/lib/wayside/config\n"));
}

// What is copied beside it where there is an illuminator, or a contact.
TEST_F(ServiceUnit, NorHaveItsDropIns) {
  const std::string folder = testing::TempDir() + "wayside-drop-ins";
  const std::string drop_ins = folder + "/waysided.service.d";
  ASSERT_EQ(run("rm -rf " + folder + " && mkdir -p " + drop_ins + " && cp " + folder_ + "/waysided.service " +
                folder + " && cp " + folder_ + "/waysided-*.conf " + drop_ins)
                .code,
            0);
  const Said said = run("systemd-analyze verify --man=no " + folder + "/waysided.service");
  EXPECT_THAT(said.text, testing::Not(testing::ContainsRegex("ignoring|Unknown|Failed to parse")))
      << said.text;
  // That they are looked at at all.
  ASSERT_EQ(run("echo Nonsense=1 >>" + drop_ins + "/waysided-contacts.conf").code, 0);
  EXPECT_THAT(run("systemd-analyze verify --man=no " + folder + "/waysided.service").text,
              testing::HasSubstr("Nonsense"));
  run("rm -r " + folder);
}

// systemd starts no service that names a group which is not there. video and dialout are the system's own.
TEST_F(ServiceUnit, NamesOnlyGroupsThatAreThere) {
  std::size_t named = 0;
  for (const char* file : {"/waysided.service", "/waysided-illuminator.conf", "/waysided-contacts.conf",
                           "/wayside-console@.service"}) {
    std::istringstream lines(text_of(folder_ + file));
    for (std::string line; std::getline(lines, line);) {
      constexpr std::string_view key = "SupplementaryGroups=";
      if (line.rfind(key, 0) != 0) continue;
      ++named;
      const std::string group = line.substr(key.size());
      if (group == "video" || group == "dialout") continue;
      EXPECT_THAT(text_of(folder_ + "/wayside.sysusers"), testing::HasSubstr("\ng " + group + " -\n"))
          << file;
      EXPECT_THAT(text_of(folder_ + "/60-wayside.rules"), testing::HasSubstr("GROUP=\"" + group + "\""));
    }
  }
  EXPECT_EQ(named, 4U);
}

// As at a start: files that a power cut left half written, under the names that base/files.cpp gives them.
TEST_F(ServiceUnit, WhatAPowerCutLeftHalfWrittenIsRemovedAtAStartAndOnlyThen) {
  const std::string root = testing::TempDir() + "wayside-leftovers";
  const std::string camera = root + "/var/lib/wayside";
  ASSERT_EQ(run("rm -rf " + root + " && mkdir -p " + root + "/usr/lib/tmpfiles.d " + root + "/etc " + camera +
                "/config/history " + camera + "/identity/watchlists/stolen && cp " + folder_ +
                "/wayside.tmpfiles " + root +
                "/usr/lib/tmpfiles.d/wayside.conf && for one in . config config/history "
                "identity/watchlists/stolen; do touch " +
                camera + "/$one/kept " + camera + "/$one/.wayside-aB3dEf; done")
                .code,
            0);
  ASSERT_EQ(run("echo wayside:x:$(id -u):$(id -g):::/ >" + root + "/etc/passwd; echo wayside:x:$(id -g): >" +
                root + "/etc/group")
                .code,
            0);
  const std::string names = "find " + camera + " -type f -printf '%f '";
  const std::string remove = "systemd-tmpfiles --root=" + root + " --remove wayside.conf";
  const Said at_work = run(remove);
  EXPECT_EQ(at_work.code, 0) << at_work.text;
  EXPECT_THAT(run(names).text, testing::HasSubstr(".wayside-aB3dEf"));
  const Said at_start = run(remove + " --boot");
  EXPECT_EQ(at_start.code, 0) << at_start.text;
  EXPECT_EQ(run(names).text, "kept kept kept kept ");
  run("rm -r " + root);
}

// The value of a setting of a unit, in seconds where it is a time.
int value_of(const std::string& unit, const std::string& key) {
  const std::size_t at = unit.find("\n" + key + "=");
  EXPECT_NE(at, std::string::npos) << key;
  if (at == std::string::npos) return 0;
  std::size_t end = 0;
  const int value = std::stoi(unit.substr(at + key.size() + 2), &end);
  const std::string unit_of = unit.substr(at + key.size() + 2 + end, 3);
  return value * (unit_of.rfind("min", 0) == 0 ? 60 : unit_of.rfind("h", 0) == 0 ? 3600 : 1);
}

// What hangs at every start is killed after TimeoutStartSec, or WatchdogSec once it was ready, at the latest
// TimeoutStopSec later gone, and started again after RestartSec: that often must lie within the interval, or
// the ladder ends below the machine.
TEST_F(ServiceUnit, OneThatHangsAtEveryStartReachesTheMachinesRestart) {
  const std::string unit = text_of(folder_ + "/waysided.service");
  const int hangs = std::max(value_of(unit, "TimeoutStartSec"), value_of(unit, "WatchdogSec"));
  EXPECT_GT(value_of(unit, "StartLimitIntervalSec"),
            value_of(unit, "StartLimitBurst") *
                (hangs + value_of(unit, "TimeoutStopSec") + value_of(unit, "RestartSec")));
}

// The machine's restart would begin the trial anew.
TEST_F(ServiceUnit, OneThatFailsAtEveryStartOfATrialIsStillThereWhenItsDeadlineComes) {
  const std::string unit = text_of(folder_ + "/waysided.service");
  EXPECT_GT(value_of(unit, "StartLimitBurst") * value_of(unit, "RestartSec"),
            value_of(text_of(folder_ + "/wayside-update-deadline.timer"), "OnBootSec"));
}

}  // namespace
