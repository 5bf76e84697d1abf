// What root does of the camera's word: with programs that only write down how they were called, with a real
// chronyd on loopback, and with nft in a network of its own.
#include "wayside/device/network/reach.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wayside/base/run_program.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ReachTest : public testing::Test {
 protected:
  ReachTest() {
    fs::create_directory(folder_.path() / "done");
    places_.said = folder_.path() / "network";
    places_.leases = folder_.path() / "state";
    places_.sources = folder_.path() / "wayside.sources";
    places_.done = folder_.path() / "done";
    places_.chronyc = {program("chronyc", "exit 0")};
    places_.nft = {program("nft", "exit 0")};
    places_.resolve = [this](const std::string& name) { return names_[name]; };
  }
  // Writes down how it was called, and does that.
  std::string program(const std::string& name, const std::string& does) {
    const fs::path path = folder_.path() / name;
    std::ofstream(path) << "#!/bin/sh\necho " << name << " \"$@\" >>" << (folder_.path() / "calls").string()
                        << "\n"
                        << does << "\n";
    fs::permissions(path, fs::perms::owner_all);
    return path.string();
  }
  void say(const std::string& text) { std::ofstream(places_.said) << text; }
  std::string calls() {
    std::string all = text_of(folder_.path() / "calls");
    fs::remove(folder_.path() / "calls");
    return all;
  }
  std::string script() { return text_of(places_.done / "offices.nft"); }

  doubles::TemporaryFolder folder_;
  ReachPlaces places_;
  std::map<std::string, std::vector<std::string>> names_;
};

TEST_F(ReachTest, GivesChronydItsServersOnceAndAgainWhereItDidNotTakeThem) {
  say("time ntp1.example\ntime 2001:db8::1\n");
  places_.chronyc = {program("chronyc", "exit 1")};
  EXPECT_THAT(apply_outside(places_).error().message, HasSubstr("chronyd does not take its time servers"));
  EXPECT_EQ(text_of(places_.sources), "server ntp1.example iburst\nserver 2001:db8::1 iburst\n");
  places_.chronyc = {program("chronyc", "exit 0")};
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_THAT(calls(), HasSubstr("chronyc reload sources"));
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_THAT(calls(), Not(HasSubstr("chronyc")));
}

TEST_F(ReachTest, WithNoServerAtAllLeavesChronydAlone) {
  say("");
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_THAT(calls(), Not(HasSubstr("chronyc")));
  EXPECT_FALSE(fs::exists(places_.sources));
}

TEST_F(ReachTest, TakesTheNetworksServersWhereNoneIsNamed) {
  std::ofstream(places_.leases)
      << "OPER_STATE=routable\nDNS=192.0.2.53\nNTP=192.0.2.1 $(id) ntp.example a;b\n";
  say("");
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_EQ(text_of(places_.sources), "server 192.0.2.1 iburst\nserver ntp.example iburst\n");
  say("time ntp1.example\n");
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_EQ(text_of(places_.sources), "server ntp1.example iburst\n");
  say("");
  std::ofstream(places_.leases) << "NTP=\n";
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_EQ(text_of(places_.sources), "");
  EXPECT_THAT(servers_of_network("NTP=a a b\nNTP=c"), ElementsAre("a", "b", "c"));
}

// A false server of the network would set the clock before the daemon names its own, or while it starts anew.
TEST_F(ReachTest, WhileNobodyHasSpokenNothingChanges) {
  std::ofstream(places_.leases) << "NTP=192.0.2.66\n";
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_FALSE(fs::exists(places_.sources));
  say("time ntp1.example\noffice 192.0.2.9 443\n");
  EXPECT_TRUE(apply_outside(places_));
  const std::string before = script();
  fs::remove(places_.said);
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_EQ(text_of(places_.sources), "server ntp1.example iburst\n");
  EXPECT_EQ(script(), before);
}

TEST_F(ReachTest, LetsThroughToTheAddressesThatTheOfficeHas) {
  names_["office.example"] = {"192.0.2.7", "2001:db8::7", "nonsense }"};
  say("office office.example 8443\noffice 192.0.2.9 443\n");
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_THAT(script(), AllOf(HasSubstr("flush set inet wayside office4"),
                              HasSubstr("add element inet wayside office4 { 192.0.2.7 . 8443 timeout 1h }"),
                              HasSubstr("add element inet wayside office6 { 2001:db8::7 . 8443 timeout 1h }"),
                              HasSubstr("add element inet wayside office4 { 192.0.2.9 . 443 timeout 1h }"),
                              Not(HasSubstr("nonsense"))));
  // Another address of the same name comes to those that it had; another office takes their place.
  names_["office.example"] = {"192.0.2.8"};
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_THAT(script(), AllOf(Not(HasSubstr("flush")), HasSubstr("192.0.2.8 . 8443")));
  say("office other.example 8443\n");
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_EQ(script(), "flush set inet wayside office4\nflush set inet wayside office6\n");
}

TEST_F(ReachTest, ChangesNothingForWhatIsNotOfTheForm) {
  say("time ntp1.example\noffice 192.0.2.9 443\n");
  ASSERT_TRUE(apply_outside(places_));
  static_cast<void>(calls());
  const std::string before = script();
  for (const char* wrong :
       {"time ntp2.example\noffice 192.0.2.9 443 } ; flush ruleset\n", "time a\nserver b\n"}) {
    say(wrong);
    EXPECT_EQ(apply_outside(places_).error().code, ErrorCode::invalid_input);
  }
  // Nor for a way to what only root may read.
  std::ofstream(folder_.path() / "secret") << "time secret.example\n";
  fs::remove(places_.said);
  fs::create_symlink(folder_.path() / "secret", places_.said);
  EXPECT_FALSE(apply_outside(places_));
  fs::remove(places_.said);
  fs::create_directory(places_.said);
  EXPECT_FALSE(apply_outside(places_));
  EXPECT_THAT(calls(), IsEmpty());
  EXPECT_EQ(script(), before);
  EXPECT_EQ(text_of(places_.sources), "server ntp1.example iburst\n");
}

TEST_F(ReachTest, WithoutAFirewallOfOursSetsTimeServersAlone) {
  places_.nft = {program("nft", "exit 1")};
  say("time ntp1.example\noffice 192.0.2.9 443\n");
  EXPECT_TRUE(apply_outside(places_));
  EXPECT_EQ(text_of(places_.sources), "server ntp1.example iburst\n");
  EXPECT_FALSE(fs::exists(places_.done / "offices.nft"));
}

// Two of chrony's own daemons: one that says it knows the time, and one that is told to ask it.
class RealChrony : public ReachTest {
 protected:
  void SetUp() override {
    if (!fs::exists(chronyd)) GTEST_SKIP() << chronyd << " is not there: toolchains/packages-tests.txt";
    start("server", "local stratum 3\nport " + port_ + "\nallow 127.0.0.1\ncmdport 0\n");
    places_.sources = folder_.path() / "sources" / "wayside.sources";
    fs::create_directory(folder_.path() / "sources");
    // As the image's, on ports of its own.
    start("camera",
          "sourcedir " + (folder_.path() / "sources").string() + "\nport 0\ncmdport " + command_port_ + "\n");
    places_.chronyc = {"/usr/bin/chronyc", "-h", (folder_.path() / "camera.sock").string()};
  }
  void TearDown() override {
    for (const pid_t pid : daemons_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  void start(const std::string& name, const std::string& settings) {
    const fs::path folder = folder_.path();
    const fs::path file = folder / (name + ".conf");
    std::ofstream(file) << settings << "bindcmdaddress " << (folder / (name + ".sock")).string()
                        << "\nbindcmdaddress 127.0.0.1\npidfile " << (folder / (name + ".pid")).string()
                        << "\n";
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execl(chronyd, chronyd, "-x", "-U", "-d", "-u", "root", "-f", file.c_str(), nullptr);
      ::_exit(127);
    }
    daemons_.push_back(pid);
    for (int i = 0; i < 100 && !fs::exists(folder / (name + ".sock")); ++i)
      std::this_thread::sleep_for(50ms);
  }
  // What the camera itself is told, over loopback and without rights.
  std::string asked(const std::string& what) const {
    const auto said =
        run_program({"/usr/bin/chronyc", "-h", "127.0.0.1", "-p", command_port_, "-n", "-c", what}, 5s);
    return said ? said->said : said.error().message;
  }
  bool comes_to_say(const std::string& what, const std::string& text) const {
    for (int i = 0; i < 200; ++i) {
      if (asked(what).find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(100ms);
    }
    return false;
  }
  static constexpr const char* chronyd = "/usr/sbin/chronyd";
  const std::string port_ = std::to_string(20'000 + ::getpid() % 10'000);
  const std::string command_port_ = std::to_string(30'000 + ::getpid() % 10'000);
  std::vector<pid_t> daemons_;
};

TEST_F(RealChrony, FollowsTheServerThatItIsGivenAndLetsGoOfOneThatIsNoLongerNamed) {
  ASSERT_TRUE(comes_to_say("tracking", "Not synchronised")) << asked("tracking");
  // A port is no part of what a camera can name: that of the test's server is put behind it.
  say("time 127.0.0.1\n");
  ASSERT_TRUE(apply_outside(places_));
  ASSERT_EQ(text_of(places_.sources), "server 127.0.0.1 iburst\n");
  std::ofstream(places_.sources) << "server 127.0.0.1 iburst port " << port_ << "\n";
  ASSERT_EQ(run_program({places_.chronyc[0], "-h", places_.chronyc[2], "reload", "sources"}, 5s)->code, 0);
  EXPECT_TRUE(comes_to_say("tracking", "7F000001,127.0.0.1,4,")) << asked("tracking");
  EXPECT_TRUE(comes_to_say("tracking", ",Normal")) << asked("tracking");
  say("time 127.0.0.2\n");
  ASSERT_TRUE(apply_outside(places_));
  EXPECT_THAT(asked("sources"), AllOf(HasSubstr("127.0.0.2"), Not(HasSubstr("127.0.0.1"))));
}

// The firewall of the image, in a network that only this process has. Nobody answers there: what counts is
// whether a packet gets that far.
class RealFirewall : public ReachTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || !fs::exists("/usr/sbin/nft")) GTEST_SKIP() << "needs root and nft";
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network of its own can be had here";
    places_.nft = {"/usr/sbin/nft"};
    // With the users that are here: the camera is "daemon", the rest nobody.
    std::string rules =
        text_of(fs::path(std::getenv("WAYSIDE_SOURCE_DIR")) / "toolchains/image/overlay/etc/nftables.conf");
    for (const auto& [ours, here] :
         {std::pair("skuid wayside", "skuid daemon"), std::pair("skuid _chrony", "skuid games"),
          std::pair("skuid systemd-resolve", "skuid man")}) {
      for (std::size_t at = 0; (at = rules.find(ours, at)) != std::string::npos;)
        rules.replace(at, std::string(ours).size(), here);
    }
    std::ofstream(folder_.path() / "rules") << rules;
    ASSERT_EQ(shell("nft -f " + (folder_.path() / "rules").string()), 0);
    ASSERT_EQ(shell("ip link add out type veth peer name back && ip link set back up && ip addr add "
                    "192.0.2.100/24 dev out && "
                    "ip addr add 2001:db8::100/64 dev out nodad && ip link set out up"),
              0);
  }
  static int shell(const std::string& command) {
    return std::system(("PATH=$PATH:/usr/sbin:/sbin; " + command).c_str());
  }
  // Whether that user's first packet to there leaves the machine.
  static bool leaves(const char* user, const std::string& address, int port) {
    const std::string counter = "nft list counter inet probe seen | grep -q 'packets 0'";
    shell(
        "nft add table inet probe; nft add counter inet probe seen; "
        "nft add chain inet probe out '{ type filter hook postrouting priority 0; }'; nft reset counters "
        "table inet probe >/dev/null; "
        "nft flush chain inet probe out; nft add rule inet probe out tcp dport " +
        std::to_string(port) + " counter name seen");
    shell(std::string("setpriv --reuid=") + user + " --clear-groups timeout 0.3 bash -c '>/dev/tcp/" +
          address + "/" + std::to_string(port) + "' 2>/dev/null");
    return shell(counter) != 0;
  }
};

TEST_F(RealFirewall, LetsTheDaemonAloneOutToTheOfficesThatAreNamedAndToNobodyElse) {
  EXPECT_FALSE(leaves("daemon", "192.0.2.9", 8443)) << "before anybody is named";
  names_["office.example"] = {"192.0.2.9", "2001:db8::9"};
  say("office office.example 8443\n");
  for (int again = 0; again < 2; ++again) {  // the same once more changes nothing
    const Status done = apply_outside(places_);
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_TRUE(leaves("daemon", "192.0.2.9", 8443));
  EXPECT_TRUE(leaves("daemon", "2001:db8::9", 8443));
  EXPECT_FALSE(leaves("daemon", "192.0.2.9", 22)) << "another port";
  EXPECT_FALSE(leaves("daemon", "192.0.2.10", 8443)) << "another machine";
  EXPECT_FALSE(leaves("games", "192.0.2.9", 8443)) << "another user";
  EXPECT_FALSE(leaves("root", "192.0.2.9", 8443)) << "root";
  names_["office.example"] = {"192.0.2.11"};
  ASSERT_TRUE(apply_outside(places_));
  EXPECT_TRUE(leaves("daemon", "192.0.2.11", 8443)) << "an address that the name got";
  EXPECT_TRUE(leaves("daemon", "192.0.2.9", 8443)) << "one that it had within the hour";
  say("office 192.0.2.12 443\n");
  ASSERT_TRUE(apply_outside(places_));
  EXPECT_TRUE(leaves("daemon", "192.0.2.12", 443));
  EXPECT_FALSE(leaves("daemon", "192.0.2.9", 8443)) << "an office that is no longer named";
  say("");
  ASSERT_TRUE(apply_outside(places_));
  EXPECT_FALSE(leaves("daemon", "192.0.2.12", 443));
}

}  // namespace
}  // namespace wayside
