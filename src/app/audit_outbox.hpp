// Audit records on their way into the queue: in order, and tried again until it takes them.
//
// Threads: any. Ownership: the queue is the caller's. Failure: logged once for each reason; the oldest and
// the newest are kept where the queue takes none for long.
#pragma once

#include <deque>
#include <mutex>
#include <string>

#include "wayside/delivery/queue/record_queue.hpp"

namespace wayside::app {

class AuditOutbox {
 public:
  void add(std::string document);
  // From the thread that appends. True: a record was appended.
  [[nodiscard]] bool write(RecordQueue& queue);

 private:
  std::mutex mutex_;
  std::deque<std::string> waiting_;  // mutex_
  std::string told_;                 // of write()
};

}  // namespace wayside::app
