// A back office that answers as the test says and remembers what it was sent.
//
// Threads: deliver() from the uploader's thread, everything else from the test's; one lock.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "wayside/delivery/upload/back_office.hpp"

namespace wayside::doubles {

class ScriptedBackOffice : public BackOffice {
 public:
  // The next answers, in order; afterwards everything is accepted.
  void answer_next(std::vector<Receipt> receipts) {
    const std::lock_guard lock(mutex_);
    script_.insert(script_.end(), receipts.begin(), receipts.end());
  }
  // Always this for one part of one record.
  void always(std::uint64_t number, PartKind part, Receipt receipt) {
    const std::lock_guard lock(mutex_);
    fixed_[{number, part}] = std::move(receipt);
  }
  // Every delivery waits until release().
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  // Until so many parts have arrived in all, the held one included.
  void wait_for_deliveries(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return log_.size() >= count; });
  }

  // "3 document", in the order of arrival.
  [[nodiscard]] std::vector<std::string> deliveries() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  [[nodiscard]] Bytes last_payload() const {
    const std::lock_guard lock(mutex_);
    return last_payload_;
  }
  [[nodiscard]] RecordKey last_key() const {
    const std::lock_guard lock(mutex_);
    return last_key_;
  }

  Receipt deliver(const RecordKey& key, PartKind part, ByteView payload) override {
    static constexpr const char* names[] = {"document", "plate", "overview"};
    std::unique_lock lock(mutex_);
    log_.push_back(std::to_string(key.number.value()) + " " + names[static_cast<std::size_t>(part)]);
    last_payload_.assign(payload.begin(), payload.end());
    last_key_ = key;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    if (const auto it = fixed_.find({key.number.value(), part}); it != fixed_.end()) return it->second;
    if (script_.empty()) return {Receipt::Outcome::accepted, std::nullopt, {}};
    Receipt receipt = script_.front();
    script_.pop_front();
    return receipt;
  }
  Status heartbeat(const std::string&, std::string_view) override { return {}; }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Receipt> script_;
  std::map<std::pair<std::uint64_t, PartKind>, Receipt> fixed_;
  std::vector<std::string> log_;
  Bytes last_payload_;
  RecordKey last_key_;
  bool held_ = false;
};

}  // namespace wayside::doubles
