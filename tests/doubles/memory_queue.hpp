// A record queue in memory that keeps the contract of record_queue.hpp as far as its users see it: numbers
// from 1 on, classes, acknowledging, giving up. Nothing is sealed; a head is a few bytes that name the
// number. A test may refuse or shorten groups, and tell what the queue is to have found when it was opened.
//
// Threads: any, one lock; what a test sets is set before they start.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wayside/delivery/queue/record_queue.hpp"

namespace wayside::doubles {

class MemoryQueue : public RecordQueue {
 public:
  Result<std::vector<SequenceNumber>> append(std::span<const RecordParts> group) override {
    if (before_append) {
      if (Status refused = before_append(group); !refused) return fail(refused.error());
    }
    group = group.first(std::min(group.size(), takes_at_most));
    {
      const std::lock_guard lock(mutex_);
      groups_.push_back(group.size());
    }
    std::vector<SequenceNumber> numbers;
    for (const RecordParts& parts : group) {
      SealedRecord record;
      for (const auto& [kind, bytes] :
           {std::pair{PartKind::document, &parts.document}, std::pair{PartKind::plate, &parts.plate},
            std::pair{PartKind::overview, &parts.overview},
            std::pair{PartKind::pseudonymous, &parts.pseudonymous}})
        if (!bytes->empty()) record.parts.push_back({kind, *bytes});
      numbers.push_back(put(parts.type, parts.record_class, std::move(record)));
    }
    return numbers;
  }
  // Many at once that share nothing but their look: made when read.
  void append_many(std::size_t count, RecordClass record_class, std::size_t picture_bytes) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < count; ++i)
      keep({RecordType::capture, record_class, std::nullopt, picture_bytes});
  }

  std::vector<WaitingRecord> waiting(Order order, std::optional<SequenceNumber> beyond, std::size_t count,
                                     std::optional<RecordClass> only) const override {
    const std::lock_guard lock(mutex_);
    std::vector<WaitingRecord> found;
    const std::set<std::uint64_t>& numbers = only ? of_class_.at(static_cast<std::size_t>(*only)) : all_;
    const auto take = [&](std::uint64_t number) {
      const Kept& kept = waiting_.at(number);
      found.push_back({SequenceNumber(number), kept.type, kept.record_class, 1000});
    };
    if (order == Order::oldest_first) {
      auto it = beyond ? numbers.upper_bound(beyond->value()) : numbers.begin();
      for (; it != numbers.end() && found.size() < count; ++it)
        take(*it);
    } else {
      auto it = std::make_reverse_iterator(beyond ? numbers.lower_bound(beyond->value()) : numbers.end());
      for (; it != numbers.rend() && found.size() < count; ++it)
        take(*it);
    }
    listed_ += found.size();
    return found;
  }
  bool is_waiting(SequenceNumber number) const override {
    const std::lock_guard lock(mutex_);
    return waiting_.contains(number.value());
  }
  Result<SealedRecord> read(SequenceNumber number) const override {
    const std::lock_guard lock(mutex_);
    const auto it = waiting_.find(number.value());
    if (it == waiting_.end()) return fail(ErrorCode::not_found, "no such record waits");
    if (const auto rotten = rotten_.find(number.value()); rotten != rotten_.end()) {
      if (!rotten->second) remove(number.value());
      return fail(ErrorCode::corrupt, "its bytes rotted");
    }
    ++reads_;
    if (it->second.record) return *it->second.record;
    SealedRecord made{head_of(number.value()), {{PartKind::document, Bytes(300, 'd')}}};
    if (it->second.picture_bytes > 0) {
      made.parts.push_back({PartKind::plate, Bytes(it->second.picture_bytes, 'p')});
      made.parts.push_back({PartKind::overview, Bytes(it->second.picture_bytes, 'o')});
    }
    return made;
  }
  Status acknowledge(SequenceNumber number) override {
    const std::lock_guard lock(mutex_);
    if (acknowledging_fails_ > 0) {
      --acknowledging_fails_;
      return fail(ErrorCode::io, "the device failed");
    }
    if (!remove(number.value()) && !acknowledged_.contains(number.value()))
      return fail(ErrorCode::not_found, "no such record waits");
    acknowledged_.emplace(number.value(), true);
    order_.push_back(number.value());
    return {};
  }
  Status flush() override { return {}; }
  Status mark_day(std::uint32_t day) override {
    days.push_back(day);
    return {};
  }
  Result<std::uint64_t> expire(std::uint32_t day) override {
    expired_before = day;
    return 0;
  }
  Result<std::uint64_t> skip_through(SequenceNumber highest) override {
    const std::lock_guard lock(mutex_);
    if (highest.value() <= last_) return 0;
    if (highest.value() - last_ > most_skipped) return fail(ErrorCode::refused, "too many");
    return highest.value() - std::exchange(last_, highest.value());
  }
  QueueDepth depth() const override {
    const std::lock_guard lock(mutex_);
    QueueDepth depth;
    depth.unacknowledged = waiting_.size();
    depth.all_delivered = waiting_.empty();
    return depth;
  }
  QueueTally tally() const override {
    const std::lock_guard lock(mutex_);
    return tally_;
  }
  UnbookedRecords unbooked() const override { return unbooked_records; }
  ChainHead chain() const override {
    const std::lock_guard lock(mutex_);
    return {SequenceNumber(last_), {}};
  }
  QueueUuid uuid() const override { return uuid_; }

  // --- what a test decides ---
  std::function<Status(std::span<const RecordParts>)> before_append;
  std::size_t takes_at_most = std::numeric_limits<std::size_t>::max();  // of a group
  UnbookedRecords unbooked_records;

  // --- what befalls records ---
  void evict(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    remove(number);
  }
  void give_up_overview(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto it = waiting_.find(number);
    if (it == waiting_.end() || !it->second.record) return;
    std::erase_if(it->second.record->parts,
                  [](const SealedPart& part) { return part.kind == PartKind::overview; });
  }
  // From now on it cannot be read; goes on waiting or not.
  void rot(std::uint64_t number, bool goes_on_waiting = false) {
    const std::lock_guard lock(mutex_);
    rotten_[number] = goes_on_waiting;
  }
  void mend(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    rotten_.erase(number);
  }
  void fail_acknowledging(int times) {
    const std::lock_guard lock(mutex_);
    acknowledging_fails_ = times;
  }

  // --- what was seen ---
  std::vector<std::uint32_t> days;  // marked
  std::uint32_t expired_before = 0;
  [[nodiscard]] std::vector<std::size_t> groups() const {
    const std::lock_guard lock(mutex_);
    return groups_;
  }
  [[nodiscard]] std::vector<std::string> documents() const {  // of what waits
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const std::uint64_t number : all_) {
      const Kept& kept = waiting_.at(number);
      const Bytes* document = kept.record ? kept.record->part(PartKind::document) : nullptr;
      out.push_back(document == nullptr ? std::string() : std::string(document->begin(), document->end()));
    }
    return out;
  }
  [[nodiscard]] std::vector<std::uint64_t> numbers_waiting() const {
    const std::lock_guard lock(mutex_);
    return {all_.begin(), all_.end()};
  }
  [[nodiscard]] std::vector<std::uint64_t> acknowledged() const {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  [[nodiscard]] std::size_t listed() const {  // records that waiting() has given in all
    const std::lock_guard lock(mutex_);
    return listed_;
  }
  [[nodiscard]] std::size_t reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  struct Kept {
    RecordType type = RecordType::capture;
    RecordClass record_class = RecordClass::ordinary;
    std::optional<SealedRecord> record;
    std::size_t picture_bytes = 0;
  };

  static Bytes head_of(std::uint64_t number) {
    const std::string text = "head " + std::to_string(number) + ";";
    return {text.begin(), text.end()};
  }
  SequenceNumber put(RecordType type, RecordClass record_class, SealedRecord record) {
    const std::lock_guard lock(mutex_);
    record.head = head_of(last_ + 1);
    keep({type, record_class, std::move(record), 0});
    return SequenceNumber(last_);
  }
  void keep(Kept kept) {
    ++tally_.by_class.at(static_cast<std::size_t>(kept.record_class));
    ++tally_.by_type.at(static_cast<std::size_t>(kept.type));
    all_.insert(++last_);
    of_class_.at(static_cast<std::size_t>(kept.record_class)).insert(last_);
    waiting_.emplace(last_, std::move(kept));
  }
  bool remove(std::uint64_t number) const {
    for (auto& numbers : of_class_)
      numbers.erase(number);
    all_.erase(number);
    return waiting_.erase(number) > 0;
  }

  mutable std::mutex mutex_;
  QueueUuid uuid_{1, 2, 3};
  std::uint64_t last_ = 0;
  mutable std::unordered_map<std::uint64_t, Kept> waiting_;
  mutable std::set<std::uint64_t> all_;
  mutable std::array<std::set<std::uint64_t>, 3> of_class_;
  std::map<std::uint64_t, bool> acknowledged_;
  std::vector<std::uint64_t> order_;
  std::vector<std::size_t> groups_;
  QueueTally tally_;
  std::map<std::uint64_t, bool> rotten_;
  int acknowledging_fails_ = 0;
  mutable std::size_t listed_ = 0;
  mutable std::size_t reads_ = 0;
};

}  // namespace wayside::doubles
