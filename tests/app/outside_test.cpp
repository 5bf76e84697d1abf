#include "src/app/outside.hpp"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(OutsideOfACamera, AreItsTimeServersAndTheOfficesOfItsAddresses) {
  Configuration configuration;
  EXPECT_EQ(outside_of(configuration), Outside{});
  configuration.clock.time_servers = "ntp1.example 192.0.2.1";
  configuration.upload.url = "https://office.example";
  EXPECT_THAT(outside_of(configuration).time_servers, ElementsAre("ntp1.example", "192.0.2.1"));
  EXPECT_THAT(outside_of(configuration).offices, ElementsAre(Outside::Office{"office.example", 443}));
  configuration.upload.url = "mqtts://[2001:db8::1]";
  EXPECT_THAT(outside_of(configuration).offices, ElementsAre(Outside::Office{"2001:db8::1", 8883}));
  configuration.upload.url = "https://police.example:8443";
  configuration.upload.unlock_url = "https://office.example:8444";
  EXPECT_THAT(outside_of(configuration).offices,
              ElementsAre(Outside::Office{"police.example", 8443}, Outside::Office{"office.example", 8444}));
  configuration.upload.unlock_url = configuration.upload.url;
  EXPECT_THAT(outside_of(configuration).offices, ElementsAre(Outside::Office{"police.example", 8443}));
}

TEST(OutsideOfACamera, IsWrittenWhereTheServiceManagerKeepsItAndNowhereElse) {
  const doubles::TemporaryFolder folder;
  Configuration configuration;
  configuration.upload.url = "https://office.example:8443";
  ::unsetenv("RUNTIME_DIRECTORY");
  tell_outside(configuration);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  ::setenv("RUNTIME_DIRECTORY", folder.path().c_str(), 1);
  tell_outside(configuration);
  ::unsetenv("RUNTIME_DIRECTORY");
  EXPECT_EQ(read_text_file(folder.path() / "network").value(), "office office.example 8443\n");
  struct stat status {};
  ASSERT_EQ(::stat((folder.path() / "network").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

}  // namespace
}  // namespace wayside::app
