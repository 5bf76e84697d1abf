// What is in the image: its lists are whole, what was left out is out, and it has the size that it may have.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <fnmatch.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"

#include "tests/image/camera_machine.hpp"

namespace wayside::image {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "re");
  std::string all;
  std::array<char, 65536> part{};
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    all.append(part.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return all;
}

class ImageContent : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string lacking = missing(); !lacking.empty()) GTEST_SKIP() << lacking;
  }
  [[nodiscard]] static std::string file(const char* name) { return (image_folder() / name).string(); }
  // The first word of each line.
  [[nodiscard]] static std::set<std::string> names_in(const std::string& path, char end) {
    std::set<std::string> names;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
      names.insert(line.substr(0, line.find(end)));
    return names;
  }
};

TEST_F(ImageContent, TheBillOfMaterialsNamesEachPackageOnceAndSoDoesTheListOfLicences) {
  const json bill = json::parse(*read_text_file(file("wayside.spdx.json")), nullptr, false);
  ASSERT_TRUE(bill.is_object()) << "it is no JSON";
  EXPECT_EQ(bill.at("spdxVersion"), "SPDX-2.3");
  for (const char* const field : {"dataLicense", "SPDXID", "name", "documentNamespace"})
    EXPECT_TRUE(bill.at(field).is_string()) << field;
  EXPECT_TRUE(bill.at("creationInfo").at("created").is_string());
  std::set<std::string> ids, named;
  for (const json& package : bill.at("packages")) {
    for (const char* const field : {"SPDXID", "name", "versionInfo", "downloadLocation"})
      EXPECT_TRUE(package.at(field).is_string()) << package.dump();
    EXPECT_TRUE(ids.insert(package.at("SPDXID").get<std::string>()).second) << package.dump();
    named.insert(package.at("name").get<std::string>());
  }
  EXPECT_EQ(named.erase("wayside"), 1U);
  const std::set<std::string> unpacked = names_in(file("packages.txt"), ' ');
  EXPECT_GT(unpacked.size(), 100U);
  EXPECT_EQ(named, unpacked);
  EXPECT_EQ(names_in(file("licences.txt"), '\t'), unpacked);
}

TEST_F(ImageContent, WhatOurProgramsHoldOfHeadersIsListedWithItsLicenceInTheImage) {
  const std::set<std::string> listed = names_in(file("packages.txt"), ' ');
  const std::string all = output_of(fmt::format("unsquashfs -l '{}' 2>/dev/null", file("root.squashfs")));
  std::ifstream list(fs::path(std::getenv("WAYSIDE_SOURCE_DIR")) / "toolchains/image/compiled-in.txt");
  std::size_t named = 0;
  for (std::string package; std::getline(list, package);) {
    if (package.starts_with('#')) continue;
    ++named;
    EXPECT_TRUE(listed.contains(package)) << package;
    EXPECT_NE(all.find("/usr/share/doc/" + package + "/copyright\n"), std::string::npos) << package;
  }
  EXPECT_GT(named, 0U);
}

TEST_F(ImageContent, WhatIsWantedIsThereAndWhatWasLeftOutIsNot) {
  const std::string all = output_of(fmt::format("unsquashfs -l '{}' 2>/dev/null", file("root.squashfs")));
  for (const char* const there :
       {"/usr/bin/waysided\n", "/usr/bin/wayside-capture\n", "/usr/bin/wayside-console\n",
        "/usr/bin/wayside-update\n", "/usr/share/wayside/wayside.spdx.json\n",
        "/etc/systemd/system/waysided.service.d/waysided-illuminator.conf\n",
        "/etc/systemd/system/waysided.service.d/waysided-contacts.conf\n"})
    EXPECT_NE(all.find(there), std::string::npos) << there;
  // By the list, as paths are in the root: a package's /bin is /usr/bin there.
  std::vector<std::string> left_out = {"*/libgdal*", "*/bin/sshd", "*/sbin/sshd"};
  std::ifstream list(fs::path(std::getenv("WAYSIDE_SOURCE_DIR")) / "toolchains/image/left-out.txt");
  for (std::string line; std::getline(list, line);) {
    if (!line.starts_with('/')) continue;
    const bool moved = line.starts_with("/bin/") || line.starts_with("/sbin/") || line.starts_with("/lib/");
    left_out.push_back((moved ? "/usr" : "") + line);
  }
  EXPECT_GT(left_out.size(), 50U);
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) {
    const std::string path = line.substr(line.find('/') == std::string::npos ? line.size() : line.find('/'));
    for (const std::string& pattern : left_out)
      EXPECT_NE(::fnmatch(pattern.c_str(), path.c_str(), 0), 0) << path;
  }
}

TEST_F(ImageContent, IsNoLargerThanItMayBe) {
  constexpr std::uint64_t mb = 1'000'000;
  std::uint64_t root = 0;
  std::istringstream listed(
      output_of(fmt::format("unsquashfs -lln '{}' 2>/dev/null", file("root.squashfs"))));
  for (std::string line; std::getline(listed, line);) {
    std::istringstream words(line);
    std::string mode, owner;
    std::uint64_t bytes = 0;
    if (words >> mode >> owner >> bytes && mode.starts_with('-')) root += bytes;
  }
  const auto packed =
      std::stoull(output_of(fmt::format("zstd -q -10 -T0 -c '{}' | wc -c", file("wayside.img"))));
  fmt::print("root {} MB, image {} MB packed\n", root / mb, packed / mb);
  EXPECT_GT(root, 50 * mb);
  EXPECT_LT(root, 300 * mb);
  EXPECT_LT(packed, 120 * mb);
}

}  // namespace
}  // namespace wayside::image
