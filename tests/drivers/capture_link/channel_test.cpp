#include "drivers/capture_link/channel.hpp"

#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/capture_link/messages.hpp"
#include "drivers/capture_link/slot_memory.hpp"

namespace wayside::capture_link {
namespace {

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() {
    auto made = Channel::make_pair();
    ends_.emplace(std::move(*made));
  }
  Channel& one() { return ends_->first; }
  Channel& other() { return ends_->second; }
  std::optional<std::pair<Channel, Channel>> ends_;
};

TEST_F(ChannelTest, CarriesMessagesWhole) {
  const Bytes first{1, 2, 3}, second{4};
  ASSERT_EQ(one().send(first), Sent::done);
  ASSERT_EQ(one().send(second), Sent::done);
  EXPECT_EQ(other().receive().value()->message, first);
  EXPECT_EQ(other().receive().value()->message, second);
  EXPECT_EQ(other().receive().value(), std::nullopt);
}

TEST_F(ChannelTest, SaysThatThePeerHasEnded) {
  { const Channel gone = std::move(ends_->second); }
  EXPECT_EQ(one().send(Bytes{1}), Sent::closed);
  const auto received = one().receive();
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::unavailable);
}

TEST_F(ChannelTest, NeverWaitsForAPeerThatDoesNotRead) {
  Sent sent = Sent::done;
  for (int i = 0; i < 100'000 && sent == Sent::done; ++i)
    sent = one().send(Bytes(100));
  EXPECT_EQ(sent, Sent::full);
}

TEST_F(ChannelTest, RefusesWhatIsTooLong) {
  ASSERT_EQ(one().send(Bytes(most_message_bytes + 1)), Sent::done);
  const auto received = other().receive();
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::corrupt);
}

TEST_F(ChannelTest, RefusesTooManyDescriptorsAndKeepsNoneOpen) {
  const int before = ::dup(0);
  ::close(before);
  const std::array<int, most_parts + 1> many{0, 0, 0, 0};
  ASSERT_EQ(one().send(Bytes{1}, many), Sent::done);
  EXPECT_FALSE(other().receive());
  const int after = ::dup(0);
  ::close(after);
  EXPECT_EQ(after, before);
}

TEST_F(ChannelTest, LetsTwoProcessesSeeTheSameMemory) {
  Result<OwnMemory> memory = make_memory(1000);
  ASSERT_TRUE(memory);
  const std::array<int, 1> descriptor{memory->descriptor.get()};
  ASSERT_EQ(one().send(Bytes{1}, descriptor), Sent::done);
  auto received = other().receive();
  ASSERT_TRUE(received && *received);
  ASSERT_EQ((*received)->descriptors.size(), 1U);
  const Result<Part> part = map_part(std::move((*received)->descriptors[0]), 1000);
  ASSERT_TRUE(part) << part.error().message;
  std::memcpy(memory->mapping.data(), "seen", 4);
  EXPECT_EQ(std::memcmp(part->mapping.data(), "seen", 4), 0);
}

TEST(SlotMemory, ThatCouldBeCutShortUnderItsReaderIsRefused) {
  EXPECT_FALSE(map_part(Descriptor(::memfd_create("unsealed", MFD_CLOEXEC)), 1));
  Descriptor unsealed(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
  EXPECT_FALSE(map_part(std::move(unsealed), 4096));
  EXPECT_FALSE(map_part(Descriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), 1));
  EXPECT_FALSE(map_part(Descriptor(), 1));
}

TEST(SlotMemory, ThatIsSmallerThanWasSaidIsRefused) {
  Result<OwnMemory> memory = make_memory(1000);
  ASSERT_TRUE(memory);
  EXPECT_NE(::ftruncate(memory->descriptor.get(), 10), 0);
  const Result<Part> part = map_part(std::move(memory->descriptor), 1001);
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace wayside::capture_link
