// A queue between two threads whose push names its overflow policy, and which counts what it had to drop.
//
// Threads: any number of pushers and poppers. close() wakes everybody: pushes are refused from then on, pops
// drain what is left and then return nothing. No lock is held while an item is destroyed.
#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace wayside {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { assert(capacity > 0); }
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Waits for room. False: closed, the item was not taken.
  bool push_wait(T item) {
    std::unique_lock lock(mutex_);
    has_room_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    lock.unlock();
    has_item_.notify_one();
    return true;
  }

  // Never waits: when full, the oldest item is dropped, counted and handed back, so that the caller can
  // account for it. False in .taken: closed.
  struct Pushed {
    bool taken = false;
    std::optional<T> dropped;
  };
  Pushed push_drop_oldest(T item) {
    Pushed pushed;
    {
      std::lock_guard lock(mutex_);
      if (closed_) return pushed;
      if (items_.size() == capacity_) {
        pushed.dropped = std::move(items_.front());
        items_.pop_front();
        ++dropped_;
      }
      items_.push_back(std::move(item));
      pushed.taken = true;
    }
    has_item_.notify_one();
    return pushed;
  }

  // Never waits: when full, the item with the lowest score (the new one included) is dropped, counted and
  // handed back.
  template <class Score>
  Pushed push_drop_lowest(T item, Score score) {
    Pushed pushed;
    {
      std::lock_guard lock(mutex_);
      if (closed_) return pushed;
      if (items_.size() == capacity_) {
        ++dropped_;
        auto lowest = std::min_element(items_.begin(), items_.end(),
                                       [&](const T& a, const T& b) { return score(a) < score(b); });
        if (score(item) <= score(*lowest)) {
          pushed.dropped = std::move(item);
          return pushed;
        }
        pushed.dropped = std::move(*lowest);
        items_.erase(lowest);
      }
      items_.push_back(std::move(item));
      pushed.taken = true;
    }
    has_item_.notify_one();
    return pushed;
  }

  // Waits for an item. Nothing: closed and empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    has_item_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  // As pop(), but gives up at the time given; nothing then does not mean closed: ask closed_and_empty().
  template <class Rep, class Period>
  std::optional<T> pop_for(std::chrono::duration<Rep, Period> limit) {
    std::unique_lock lock(mutex_);
    has_item_.wait_for(lock, limit, [&] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    has_item_.notify_all();
    has_room_.notify_all();
  }

  [[nodiscard]] bool closed_and_empty() const {
    std::lock_guard lock(mutex_);
    return closed_ && items_.empty();
  }
  [[nodiscard]] std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }
  [[nodiscard]] std::uint64_t dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  std::optional<T> take(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    has_room_.notify_one();
    return item;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable has_item_;
  std::condition_variable has_room_;
  std::deque<T> items_;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace wayside
