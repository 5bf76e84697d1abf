#include "wayside/base/sha256_stream.hpp"

#include <gtest/gtest.h>

namespace wayside {
namespace {

TEST(Sha256Stream, OfPartsIsThatOfTheWhole) {
  Sha256Stream parts;
  for (const char* part : {"a", "", "bc"})
    parts.add(as_bytes(part));
  EXPECT_EQ(parts.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(Sha256Stream().finish(), sha256({}));
}

}  // namespace
}  // namespace wayside
