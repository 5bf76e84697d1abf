// A back office that answers as the test says, stores as a real one does, and remembers what it was sent.
//
// Threads: deliver() from the uploader's thread, everything else from the test's; one lock. The answering
// function is called without it.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "wayside/delivery/upload/back_office.hpp"

#include "src/delivery/upload/shipment.hpp"

namespace wayside::doubles {

inline Receipt just(Receipt::Outcome outcome) {
  return {outcome, std::nullopt, "because"};
}
inline Receipt later(std::optional<std::chrono::seconds> retry_after = {}) {
  return {Receipt::Outcome::later, retry_after, "busy"};
}

class ScriptedBackOffice : public BackOffice {
 public:
  using Name = std::string;  // "3 text"
  // For one batch: a receipt for each, or nothing: as a real office would.
  using Answer = std::function<std::optional<Receipt>(const Shipment&)>;

  // The next batches, in order, get these; afterwards everything is taken.
  void answer_next(std::vector<Answer> answers) {
    const std::lock_guard lock(mutex_);
    script_.insert(script_.end(), answers.begin(), answers.end());
  }
  void answer_next(std::size_t batches, const Receipt& receipt) {
    answer_next(std::vector<Answer>(batches, [receipt](const Shipment&) { return receipt; }));
  }
  // Always this for one shipment, whatever else is said.
  void always(const Name& name, Receipt receipt) {
    const std::lock_guard lock(mutex_);
    fixed_[name] = std::move(receipt);
  }
  void no_longer(const Name& name) {
    const std::lock_guard lock(mutex_);
    fixed_.erase(name);
  }
  void set_limits(BatchLimits limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }
  // What a batch meets before it is answered.
  void on_delivery(std::function<void(std::span<const Shipment>)> seen) { seen_ = std::move(seen); }
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
  // Until so many batches have arrived in all, the held one included.
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return batches_.size() >= count; });
  }

  // Each batch as "3 text, 3 plate".
  [[nodiscard]] std::vector<std::string> batches() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> lines;
    for (const auto& batch : batches_) {
      std::string line;
      for (const Name& name : batch)
        line += (line.empty() ? "" : ", ") + name;
      lines.push_back(std::move(line));
    }
    return lines;
  }
  // All shipments, in the order of their arrival.
  [[nodiscard]] std::vector<Name> shipments() const {
    const std::lock_guard lock(mutex_);
    std::vector<Name> names;
    for (const auto& batch : batches_)
      names.insert(names.end(), batch.begin(), batch.end());
    return names;
  }
  [[nodiscard]] std::map<Name, Sha256> stored() const {
    const std::lock_guard lock(mutex_);
    return stored_;
  }
  [[nodiscard]] StoreKey last_key() const {
    const std::lock_guard lock(mutex_);
    return last_key_;
  }

  BatchLimits limits() const override {
    const std::lock_guard lock(mutex_);
    return limits_;
  }
  std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    if (seen_) seen_(batch);
    std::unique_lock lock(mutex_);
    std::vector<Name> names;
    for (const Shipment& shipment : batch)
      names.push_back(name_of(shipment));
    if (!batch.empty()) last_key_ = batch.back().key;
    batches_.push_back(names);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    Answer answer;
    if (!script_.empty()) {
      answer = script_.front();
      script_.erase(script_.begin());
    }
    std::vector<Receipt> receipts;
    for (const Shipment& shipment : batch) {
      const auto fixed = fixed_.find(name_of(shipment));
      if (fixed != fixed_.end()) {
        receipts.push_back(fixed->second);
        continue;
      }
      const std::optional<Receipt> told = answer ? answer(shipment) : std::nullopt;
      receipts.push_back(told ? *told : store(shipment));
    }
    return receipts;
  }
  Result<std::optional<KnownNumbers>> heartbeat(const std::string&, std::string_view) override {
    return std::nullopt;
  }

  static Name name_of(const Shipment& shipment) {
    return std::to_string(shipment.key.number.value()) + " " + std::string(upload::to_string(shipment.kind));
  }

 private:
  Receipt store(const Shipment& shipment) {
    const Name text = std::to_string(shipment.key.number.value()) + " text";
    if (shipment.kind != ShipmentKind::text && !stored_.contains(text))
      return just(Receipt::Outcome::text_missing);
    const Sha256 hash = sha256(payload_of(*shipment.record, shipment.kind));
    const auto [it, is_new] = stored_.emplace(name_of(shipment), hash);
    if (it->second != hash) return just(Receipt::Outcome::mismatch);
    return just(is_new ? Receipt::Outcome::accepted : Receipt::Outcome::duplicate);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> script_;
  std::map<Name, Receipt> fixed_;
  std::vector<std::vector<Name>> batches_;
  std::map<Name, Sha256> stored_;
  StoreKey last_key_;
  BatchLimits limits_{64, std::size_t{4} << 20U};
  std::function<void(std::span<const Shipment>)> seen_;
  bool held_ = false;
};

}  // namespace wayside::doubles
