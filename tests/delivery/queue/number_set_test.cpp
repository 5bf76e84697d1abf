#include "src/delivery/queue/number_set.hpp"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace wayside::flash {
namespace {

using Ranges = std::vector<NumberRange>;

TEST(NumberSet, JoinsWhatTouches) {
  NumberSet set;
  set.add(1);
  set.add(3);
  set.add(2);
  set.add({10, 12});
  set.add({11, 20});
  EXPECT_EQ(set.ranges(10), (Ranges{{1, 3}, {10, 20}}));
  EXPECT_EQ(set.ranges(1), (Ranges{{1, 3}}));
}

TEST(NumberSet, NamesWhatIsMissing) {
  NumberSet set;
  set.add({3, 4});
  set.add({8, 8});
  EXPECT_EQ(set.missing({1, 10}), (Ranges{{1, 2}, {5, 7}, {9, 10}}));
  EXPECT_EQ(set.missing({3, 4}), Ranges{});
  EXPECT_EQ(set.missing({4, 5}), (Ranges{{5, 5}}));
}

TEST(NumberSet, AgreesWithAPlainSet) {
  std::mt19937 random(1);
  NumberSet set;
  std::set<std::uint64_t> plain;
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t first = 1 + random() % 400;
    const std::uint64_t last = first + random() % 4;
    set.add({first, last});
    for (std::uint64_t n = first; n <= last; ++n)
      plain.insert(n);
    const std::uint64_t asked = 1 + random() % 410;
    ASSERT_EQ(set.contains(asked), plain.contains(asked));
  }
  std::uint64_t missing = 0;
  for (const NumberRange& range : set.missing({1, 410}))
    missing += range.last - range.first + 1;
  std::uint64_t expected = 0;
  for (std::uint64_t n = 1; n <= 410; ++n)
    expected += plain.contains(n) ? 0 : 1;
  EXPECT_EQ(missing, expected);
}

}  // namespace
}  // namespace wayside::flash
