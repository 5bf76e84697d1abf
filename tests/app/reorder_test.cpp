#include "src/app/reorder.hpp"

#include <future>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wayside::app {
namespace {

TEST(Reorder, HandsOutInTheOrderOfTheTickets) {
  Reorder<int> reorder(8);
  for (const std::uint64_t ticket : {2U, 0U, 3U, 1U})
    reorder.put(ticket, static_cast<int>(ticket) * 10);
  for (int expected : {0, 10, 20, 30})
    EXPECT_EQ(reorder.pop(), expected);
}

TEST(Reorder, GivesWhatIsLeftAfterItWasClosed) {
  Reorder<int> reorder(8);
  reorder.put(0, 7);
  reorder.close();
  EXPECT_EQ(reorder.pop(), 7);
  EXPECT_EQ(reorder.pop(), std::nullopt);
}

TEST(Reorder, AMissingTicketNeverMakesTheOthersWait) {
  Reorder<int> reorder(2);
  for (std::uint64_t ticket = 1; ticket < 50; ++ticket)
    reorder.put(ticket, 1);  // far more than its capacity
  reorder.put(0, 0);
  for (int i = 0; i < 50; ++i)
    EXPECT_TRUE(reorder.pop().has_value());
}

TEST(Reorder, AFullOneMakesTheGiverWaitForTheTaker) {
  Reorder<int> reorder(2);
  reorder.put(0, 0);
  reorder.put(1, 1);
  auto third = std::async(std::launch::async, [&] { reorder.put(2, 2); });
  EXPECT_EQ(third.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(reorder.pop(), 0);
  EXPECT_EQ(third.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(reorder.pop(), 1);
  EXPECT_EQ(reorder.pop(), 2);
}

TEST(Reorder, ManyThreadsLoseNothing) {
  constexpr std::uint64_t count = 20'000;
  Reorder<std::uint64_t> reorder(4);
  std::atomic<std::uint64_t> next{0};
  std::vector<std::jthread> givers;
  for (int i = 0; i < 4; ++i) {
    givers.emplace_back([&] {
      for (std::uint64_t ticket = next++; ticket < count; ticket = next++)
        reorder.put(ticket, ticket);
    });
  }
  for (std::uint64_t expected = 0; expected < count; ++expected)
    ASSERT_EQ(reorder.pop(), expected);
}

}  // namespace
}  // namespace wayside::app
