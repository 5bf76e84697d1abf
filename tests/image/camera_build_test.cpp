// What toolchains/aarch64.sh builds for a camera, run by an emulator of its processor.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::image {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string said_by(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "re");
  std::string said;
  std::array<char, 4096> part{};
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    said.append(part.data(), got);
  ::pclose(pipe);
  return said;
}

TEST(CameraBuild, HasNoWayToPlayARecording) {
  const char* source = std::getenv("WAYSIDE_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const fs::path build = fs::path(source) / "build";
  const fs::path waysided = build / "aarch64-release" / "bin" / "waysided";
  if (!fs::exists(waysided)) GTEST_SKIP() << waysided << " is not there: run toolchains/aarch64.sh";
  doubles::TemporaryFolder folder;
  const std::string run =
      "qemu-aarch64-static -L " + (build / "aarch64-sysroot").string() + " " + waysided.string();
  const std::string file = (folder.path() / "camera.toml").string();
  // The template's source is a recording.
  ASSERT_EQ(std::system((run + " --print-config-template 2>/dev/null >" + file).c_str()), 0);
  EXPECT_THAT(said_by(run + " --check-config --config " + file),
              HasSubstr("this build has no driver for it; expected libcamera\n"));
}

}  // namespace
}  // namespace wayside::image
