// Records of the protected log on their way into the queue: in order, and tried again until it takes them.
//
// Threads: any; write() from the one that appends to the queue. Ownership: the queue is the caller's.
// Failure: logged once for each reason; where the queue takes none for long, the oldest and the newest are
// kept.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

namespace wayside::app {

[[nodiscard]] Status append_to_ledger(RecordQueue& queue, RecordType type, std::string_view document);

class RecordOutbox {
 public:
  static constexpr std::size_t most_waiting = 256;

  // what: of which the records are, for the log ("authority").
  RecordOutbox(RecordType type, std::string_view what) : type_(type), what_(what) {}

  // on_appended: once the queue has it, from the thread that appends; may be empty.
  void add(std::string document, std::function<void()> on_appended = {});
  // True: a record was appended. What the queue does not take is tried again with the next call.
  [[nodiscard]] bool write(RecordQueue& queue);

 private:
  struct Waiting {
    std::string document;
    std::function<void()> on_appended;
  };

  const RecordType type_;
  const std::string what_;
  std::mutex mutex_;
  std::deque<Waiting> waiting_;  // mutex_
  std::string told_;             // of write(): why not, as the log says already
};

}  // namespace wayside::app
