#include "wayside/device/authority/memory.hpp"

#include <gtest/gtest.h>

#include "tests/doubles/example_authority.hpp"

namespace wayside {
namespace {

TEST(AuthorityMemory, IsReadAsItWasWrittenAndNeverDamaged) {
  const AuthorityMemory memory{8, doubles::at("2027-06-01T00:00:00Z"), std::chrono::seconds(5), "in_force 7"};
  const std::string text = to_text(memory);
  EXPECT_EQ(authority_memory_from(text), memory);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(authority_memory_from(std::string_view(text).substr(0, size))) << size;
  for (std::size_t i = 0; i < 8 * text.size(); ++i) {
    std::string changed = text;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(authority_memory_from(changed)) << i;
  }
}

}  // namespace
}  // namespace wayside
