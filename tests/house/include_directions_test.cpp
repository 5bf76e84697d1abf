// The architecture as a test: who may include whom. A stage knows the value type just before it, never the
// stage; delivery/seal and delivery/queue know bytes, never plates; base knows nobody. What is not listed
// here is not allowed.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

// Folder -> headers (or folders, ending in /) below include/wayside that it may include besides its own and
// base/.
const std::map<std::string, std::vector<std::string>> allowed = {
    {"base", {}},
    {"anpr/capture", {}},
    {"anpr/model", {}},
    {"anpr/locate", {"anpr/capture/frame.hpp", "anpr/capture/cut_out.hpp", "anpr/model/"}},
    {"anpr/read", {"anpr/locate/plate_candidate.hpp", "anpr/capture/cut_out.hpp", "anpr/model/"}},
    {"anpr/track", {"anpr/read/plate_read.hpp"}},
    {"anpr/sight", {"anpr/read/plate_read.hpp", "anpr/capture/plate_brightness.hpp"}},
    {"anpr/aim",
     {"anpr/read/plate_read.hpp", "anpr/capture/plate_brightness.hpp", "anpr/sight/view.hpp",
      "anpr/locate/plate_candidate.hpp"}},
    {"delivery/event",
     {"anpr/sight/sight_gauge.hpp", "anpr/track/vehicle_pass.hpp", "device/clock/time_quality.hpp"}},
    {"delivery/seal", {}},
    {"delivery/queue", {"delivery/seal/"}},
    {"delivery/verify", {"delivery/queue/", "delivery/seal/"}},
    {"delivery/broker", {}},
    {"delivery/upload",
     {"delivery/broker/", "delivery/queue/record_queue.hpp", "delivery/seal/",
      "device/update/update_offer.hpp"}},
    {"device/board", {}},
    {"device/clock", {}},
    {"device/account", {"device/clock/"}},
    {"device/audit", {"device/clock/"}},
    {"device/authority", {"device/clock/"}},
    {"device/config", {}},
    {"device/config/store", {"device/clock/clock.hpp", "device/config/"}},
    {"device/control", {}},
    {"device/console", {}},
    {"device/health", {}},
    {"device/network", {}},
    {"device/identity", {}},
    {"device/update", {"device/clock/"}},
    {"device/watchlist", {"device/clock/"}},
    {"device/wipe", {"device/clock/", "device/identity/"}},
    {"roadsim/plates", {}},
    {"roadsim/scene", {"roadsim/plates/"}},
    {"backoffice",
     {"device/audit/", "device/authority/", "device/clock/time_keeper.hpp", "device/identity/",
      "device/watchlist/", "delivery/broker/", "delivery/seal/"}},
    {"eval", {"anpr/", "device/clock/"}},
    {"drivers/time_sources", {"device/clock/"}},
    {"drivers/watchdog", {}},
    {"drivers/sysfs", {}},
    {"drivers/gpio", {}},
    {"drivers/board", {"device/board/board_sensors.hpp", "drivers/gpio/", "drivers/sysfs/"}},
    {"drivers/illuminator", {"anpr/capture/illuminator.hpp", "drivers/gpio/", "drivers/sysfs/"}},
    {"drivers/capture_link", {}},
    {"drivers/libcamera_source", {"anpr/capture/", "device/clock/clock.hpp", "drivers/capture_link/"}},
    {"drivers/libcamera_capture", {"drivers/capture_link/"}},
    {"drivers/replay_source", {"anpr/capture/", "device/clock/clock.hpp"}},
    {"app", {"anpr/", "delivery/", "device/", "roadsim/", "backoffice/", "eval/"}},
};

// The leaf folder a file belongs to: the longest key of `allowed` that its path below src/ or
// include/wayside/ starts with.
std::string leaf_of(const std::string& path) {
  std::string best;
  for (const auto& [folder, ignored] : allowed) {
    if (path.rfind(folder + "/", 0) == 0 && folder.size() > best.size()) best = folder;
  }
  return best;
}

bool may_include(const std::string& leaf, const std::string& header) {
  if (header.rfind("base/", 0) == 0 || header.rfind(leaf + "/", 0) == 0) return true;
  for (const std::string& permitted : allowed.at(leaf)) {
    if (header == permitted || (permitted.back() == '/' && header.rfind(permitted, 0) == 0)) return true;
  }
  return false;
}

TEST(IncludeDirections, EveryIncludeIsAllowedByTheHouse) {
  const char* root = std::getenv("WAYSIDE_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  const std::regex include_line(R"re(^\s*#include "([^"]+)")re");
  std::size_t files = 0;
  for (const std::string top : {"src", "include/wayside", "drivers"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / top)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".cpp" && path.extension() != ".hpp") continue;
      ++files;
      const std::string below =
          (top == "drivers" ? "drivers/" : "") + fs::relative(path, fs::path(root) / top).string();
      const std::string leaf = leaf_of(below);
      ASSERT_FALSE(leaf.empty()) << path << " is in a folder the house does not know: list it in this test";
      std::ifstream in(path);
      std::string line;
      while (std::getline(in, line)) {
        std::smatch match;
        if (!std::regex_search(line, match, include_line)) continue;
        std::string header = match[1];
        if (header.rfind("wayside/", 0) == 0) {
          header = header.substr(8);
        } else if (header.rfind("src/", 0) == 0) {
          header = header.substr(4);
        } else if (header.rfind("drivers/", 0) == 0) {
          EXPECT_TRUE(leaf == "app" || may_include(leaf, header)) << below << " includes driver " << header;
          continue;
        } else {
          EXPECT_EQ(header.find('/'), std::string::npos) << below << " includes " << header;
          continue;  // a private header of the same folder
        }
        EXPECT_TRUE(may_include(leaf, header)) << below << " may not include " << header;
      }
    }
  }
  EXPECT_GT(files, 10U);
}

}  // namespace
