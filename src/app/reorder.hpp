// Puts the frames that several readers finished in any order back into the order in which they were taken.
//
// Threads: put() from any, pop() from one. Every ticket from 0 on must be put once: a frame that was given up
// on the way is put as one without reads, or the frames after it would wait for ever. put() waits only while
// the taker is what is behind: the next ticket is here and `capacity` frames lie before the taker. It never
// waits for a missing ticket, so the worker that has it can always bring it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace wayside::app {

template <class T>
class Reorder {
 public:
  explicit Reorder(std::size_t capacity) : capacity_(capacity) {}

  void put(std::uint64_t ticket, T item) {
    {
      std::unique_lock lock(mutex_);
      has_room_.wait(lock, [&] { return waiting_.size() < capacity_ || !next_is_here(); });
      waiting_.emplace(ticket, std::move(item));
      if (!next_is_here()) return;
    }
    has_next_.notify_one();
  }

  // Nothing more will be put. What is there is still handed out, in order.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    has_next_.notify_one();
  }

  // Waits for the next in order. Nothing: closed and empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    has_next_.wait(lock, [&] { return closed_ || next_is_here(); });
    if (waiting_.empty()) return std::nullopt;
    auto node = waiting_.extract(waiting_.begin());
    next_ = node.key() + 1;
    lock.unlock();
    has_room_.notify_all();
    return std::move(node.mapped());
  }

 private:
  [[nodiscard]] bool next_is_here() const { return !waiting_.empty() && waiting_.begin()->first == next_; }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::condition_variable has_next_;
  std::map<std::uint64_t, T> waiting_;
  std::uint64_t next_ = 0;
  bool closed_ = false;
};

}  // namespace wayside::app
