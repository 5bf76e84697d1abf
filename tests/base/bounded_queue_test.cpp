#include "wayside/base/bounded_queue.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace wayside {
namespace {

TEST(BoundedQueue, DropsTheOldestAndHandsItBack) {
  BoundedQueue<int> queue(2);
  queue.push_drop_oldest(1);
  queue.push_drop_oldest(2);
  const auto pushed = queue.push_drop_oldest(3);
  EXPECT_TRUE(pushed.taken);
  EXPECT_EQ(pushed.dropped, 1);
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), 3);
}

TEST(BoundedQueue, DropsTheLowestScoreEvenIfItIsTheNewOne) {
  BoundedQueue<int> queue(2);
  const auto score = [](int v) { return v; };
  queue.push_drop_lowest(5, score);
  queue.push_drop_lowest(3, score);
  EXPECT_EQ(queue.push_drop_lowest(1, score).dropped, 1);
  EXPECT_EQ(queue.push_drop_lowest(4, score).dropped, 3);
  EXPECT_EQ(queue.dropped(), 2U);
  EXPECT_EQ(queue.pop(), 5);
  EXPECT_EQ(queue.pop(), 4);
}

TEST(BoundedQueue, WaitingPushGoesOnWhenThereIsRoom) {
  BoundedQueue<int> queue(1);
  queue.push_wait(1);
  std::jthread pusher([&] { queue.push_wait(2); });
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.dropped(), 0U);
}

TEST(BoundedQueue, CloseDrainsThenEndsAndRefusesPushes) {
  BoundedQueue<int> queue(2);
  queue.push_wait(1);
  queue.close();
  EXPECT_FALSE(queue.push_wait(2));
  EXPECT_FALSE(queue.push_drop_oldest(2).taken);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_TRUE(queue.closed_and_empty());
}

TEST(BoundedQueue, CloseWakesAWaitingPop) {
  BoundedQueue<int> queue(1);
  std::jthread popper([&] { EXPECT_EQ(queue.pop(), std::nullopt); });
  queue.close();
}

}  // namespace
}  // namespace wayside
