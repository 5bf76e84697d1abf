#include "wayside/roadsim/plates/plate_set.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "press_for_tests.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::roadsim {
namespace {

TEST(PlateSet, ATableNeverTellsOfOtherPlatesThanThosePictured) {
  const doubles::TemporaryFolder folder;
  const auto table = folder.path() / "plates.csv";
  PlateSetOptions options;
  options.count = 2;
  ASSERT_TRUE(draw_plate_set(press_for_tests(), folder.path(), options, [](int) {}));
  EXPECT_TRUE(std::filesystem::exists(table));
  // Another set over it ends half way.
  std::filesystem::remove(folder.path() / "000001.png");
  std::filesystem::create_directory(folder.path() / "000001.png");
  options.seed = 9;
  EXPECT_FALSE(draw_plate_set(press_for_tests(), folder.path(), options, [](int) {}));
  EXPECT_FALSE(std::filesystem::exists(table));
}

TEST(PlateSet, ATableThatCannotBeWrittenIsToldBeforeTheDrawing) {
  const doubles::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "plates.csv");
  int drawn = 0;
  EXPECT_FALSE(draw_plate_set(press_for_tests(), folder.path(), {}, [&](int) { ++drawn; }));
  EXPECT_EQ(drawn, 0);
}

}  // namespace
}  // namespace wayside::roadsim
