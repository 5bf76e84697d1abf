#include "src/app/record_outbox.hpp"

#include <utility>

#include "wayside/base/log.hpp"

namespace wayside::app {

Status append_to_ledger(RecordQueue& queue, RecordType type, std::string_view document) {
  RecordParts parts;
  parts.type = type;
  parts.record_class = RecordClass::ledger;
  parts.document.assign(document.begin(), document.end());
  const auto written = queue.append({&parts, 1});
  return written ? Status{} : fail(written.error());
}

void RecordOutbox::add(std::string document, std::function<void()> on_appended) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() == most_waiting) waiting_.pop_back();
  waiting_.push_back({std::move(document), std::move(on_appended)});
}

bool RecordOutbox::write(RecordQueue& queue) {
  bool appended = false;
  for (;;) {
    std::string document;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return appended;
      document = waiting_.front().document;
    }
    // Without the lock: a disk may take its time. What is added meanwhile never takes the place of the first.
    if (const Status written = append_to_ledger(queue, type_, document); !written) {
      if (std::exchange(told_, written.error().message) != written.error().message)
        log::error("record_unwritten",
                   {{"of", what_}, {"reason", written.error()}, {"next", "trying again"}});
      return appended;
    }
    told_.clear();
    appended = true;
    std::function<void()> on_appended;
    {
      const std::lock_guard lock(mutex_);
      on_appended = std::move(waiting_.front().on_appended);
      waiting_.pop_front();
    }
    if (on_appended) on_appended();
  }
}

}  // namespace wayside::app
