#include "src/app/audit_outbox.hpp"

#include <utility>

#include "wayside/base/log.hpp"

namespace wayside::app {

namespace {

constexpr std::size_t most_waiting = 256;

}  // namespace

void AuditOutbox::add(std::string document) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() == most_waiting) waiting_.pop_back();
  waiting_.push_back(std::move(document));
}

bool AuditOutbox::write(RecordQueue& queue) {
  bool appended = false;
  for (;;) {
    RecordParts parts;
    parts.type = RecordType::audit;
    parts.record_class = RecordClass::ledger;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return appended;
      parts.document.assign(waiting_.front().begin(), waiting_.front().end());
    }
    // Without the lock: a disk may take its time.
    const auto written = queue.append({&parts, 1});
    if (!written) {
      if (std::exchange(told_, written.error().message) != written.error().message)
        log::error("audit_record_unwritten", {{"reason", written.error()}, {"next", "trying again"}});
      return appended;
    }
    told_.clear();
    appended = true;
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

}  // namespace wayside::app
