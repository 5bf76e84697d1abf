// Secrets leave no bytes behind, and are locked and kept out of core dumps as far as the system has it.
#include "wayside/base/secret.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

namespace wayside {
namespace {

// Without touching it: the kernel says EFAULT where there is nothing to read.
bool readable(const std::uint8_t* at) {
  int ends[2];
  if (::pipe(ends) != 0) return true;
  const bool can = ::write(ends[1], at, 1) == 1;
  ::close(ends[0]);
  ::close(ends[1]);
  return can;
}

// The flags that the kernel has for the memory at this address.
std::string flags_of(const std::uint8_t* at) {
  std::ifstream maps("/proc/self/smaps");
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0, to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) here = from <= address && address < to;
    if (here && line.rfind("VmFlags:", 0) == 0) return line + " ";
  }
  return {};
}

TEST(Secret, HoldsWhatItWasGivenAndIsMovedNotCopied) {
  const Bytes value(Secret::bytes, 7);
  Secret first(value);
  const std::uint8_t* at = first.view().data();
  Secret second(std::move(first));
  EXPECT_TRUE(first.view().empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point
  EXPECT_EQ(second.view().data(), at);
  EXPECT_TRUE(std::ranges::equal(second.view(), value));
  Secret third;
  EXPECT_TRUE(std::ranges::equal(third.view(), Bytes(Secret::bytes)));
  third = std::move(second);
  EXPECT_TRUE(std::ranges::equal(third.view(), value));
  static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
}

TEST(Secret, RandomOnesDiffer) {
  EXPECT_FALSE(std::ranges::equal(Secret::random().view(), Secret::random().view()));
}

TEST(Secret, IsGoneFromMemoryWithItsOwner) {
  const std::uint8_t* at = nullptr;
  {
    const Secret secret(Bytes(Secret::bytes, 7));
    at = secret.view().data();
    EXPECT_TRUE(readable(at));
  }
  EXPECT_FALSE(readable(at));
  Secret kept(Bytes(Secret::bytes, 7));
  at = kept.view().data();
  kept = Secret(Bytes(Secret::bytes, 8));
  EXPECT_FALSE(readable(at));
}

TEST(Secret, IsInNoCoreDump) {
  const Secret secret(Bytes(Secret::bytes, 7));
  const std::string flags = flags_of(secret.view().data());
  if (flags.empty()) GTEST_SKIP() << "this kernel does not say what it does with memory";
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
}

TEST(Wipe, LeavesZeros) {
  Bytes bytes(100, 7);
  wipe(std::span(bytes).first(50));
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), 50);
  wipe(bytes);
  EXPECT_TRUE(bytes.empty());
  wipe(bytes);
}

}  // namespace
}  // namespace wayside
