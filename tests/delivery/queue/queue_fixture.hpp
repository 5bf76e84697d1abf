// Small queues for the tests, and what one wants to ask them.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "src/delivery/queue/gaps.hpp"
#include "tests/delivery/queue/faulty_disk.hpp"
#include "tests/doubles/test_sealer.hpp"

namespace wayside::flash::testing {

// Remembers what it sealed by the hash of the head, so that a test knows a record again without opening it.
class NamingSealer final : public RecordSealer {
 public:
  Result<SealedRecord> seal(const RecordPlace& place, const RecordParts& parts) override {
    Result<SealedRecord> record = test_.seal(place, parts);
    if (record) names_[chain_hash(record->head)] = std::string(parts.document.begin(), parts.document.end());
    return record;
  }
  SealedRecord sign_gaps(const RecordPlace& place, ByteView list) override {
    return test_.sign_gaps(place, list);
  }
  [[nodiscard]] std::size_t sealed_bytes(const RecordParts& parts) const override {
    return test_.sealed_bytes(parts);
  }
  [[nodiscard]] std::string device_id() const override { return test_.device_id(); }

  // Empty: never sealed here.
  [[nodiscard]] std::string name_of(const SealedRecord& record) const {
    const auto it = names_.find(chain_hash(record.head));
    return it == names_.end() ? std::string{} : it->second;
  }
  doubles::TestSealer& test() { return test_; }

 private:
  doubles::TestSealer test_;
  std::map<Sha256, std::string> names_;
};

inline NamingSealer& sealer() {
  static NamingSealer one;
  return one;
}

inline QueueOptions small_queue() {
  QueueOptions options;
  options.directory = "queue";
  options.segments = 4;
  options.segment_bytes = 64 * 1024;
  options.sealer = &sealer();
  return options;
}

// A record whose document is its name, with pictures that make it `bytes` long in all.
inline RecordParts record(const std::string& name, std::size_t bytes = 3000,
                          RecordClass record_class = RecordClass::ordinary) {
  RecordParts parts;
  parts.record_class = record_class;
  parts.document.assign(name.begin(), name.end());
  if (record_class == RecordClass::ledger) {
    parts.type = RecordType::audit;
    return parts;
  }
  std::uint32_t state = static_cast<std::uint32_t>(std::hash<std::string>{}(name)) | 1U;
  const auto picture = [&](std::size_t length) {
    Bytes out(length);
    for (std::uint8_t& byte : out) {
      state ^= state << 13U;
      state ^= state >> 17U;
      state ^= state << 5U;
      byte = static_cast<std::uint8_t>(state);
    }
    return out;
  };
  const std::size_t rest = bytes > name.size() ? bytes - name.size() : 0;
  parts.plate = picture(rest / 4);
  parts.overview = picture(rest - rest / 4);
  return parts;
}

inline std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

inline std::unique_ptr<RecordQueue> opened(FaultyDevice& device,
                                           const QueueOptions& options = small_queue()) {
  Result<std::unique_ptr<RecordQueue>> queue = open_queue(device.disk(), options);
  EXPECT_TRUE(queue) << (queue ? "" : queue.error().message);
  return queue ? std::move(*queue) : nullptr;
}

inline Result<SequenceNumber> append_one(RecordQueue& queue, const RecordParts& parts) {
  const Result<std::vector<SequenceNumber>> numbers = queue.append({&parts, 1});
  if (!numbers) return fail(numbers.error());
  return numbers->front();
}

inline std::vector<SequenceNumber> numbers(const RecordQueue& queue,
                                           std::optional<SequenceNumber> beyond = {},
                                           std::size_t count = SIZE_MAX) {
  std::vector<SequenceNumber> out;
  for (const WaitingRecord& one : queue.waiting(RecordQueue::Order::oldest_first, beyond, count))
    out.push_back(one.number);
  return out;
}

inline Gaps gaps_of(const SealedRecord& record) {
  const Bytes* list = record.part(PartKind::gaps);
  EXPECT_NE(list, nullptr);
  const Result<Gaps> gaps = decode_gaps(list == nullptr ? Bytes{} : *list);
  EXPECT_TRUE(gaps);
  return gaps ? *gaps : Gaps{};
}

struct Contents {
  std::map<std::uint64_t, std::string> records;  // name by number
  std::set<std::uint64_t> gap_records;
  std::map<std::uint64_t, std::string> lost;  // reason by number, as the gap records say
  std::map<std::uint64_t, Bytes> heads;       // of all
  std::set<std::uint64_t> without_overview;   // though the head names one
  std::uint64_t unreadable = 0;
};

// Everything that waits. Every part is checked against its head.
inline Contents contents(const RecordQueue& queue) {
  Contents out;
  for (const WaitingRecord& one : queue.waiting(RecordQueue::Order::oldest_first, {}, SIZE_MAX)) {
    const std::uint64_t number = one.number.value();
    const Result<SealedRecord> record = queue.read(one.number);
    if (!record) {
      ++out.unreadable;
      continue;
    }
    const Result<RecordHead> head = decode_head(record->head);
    if (!head) {
      ADD_FAILURE() << head.error().message;
      continue;
    }
    EXPECT_EQ(head->number, one.number);
    EXPECT_EQ(head->queue_uuid, queue.uuid());
    EXPECT_EQ(head->type, one.type);
    EXPECT_EQ(head->record_class, one.record_class);
    for (const SealedPart& part : record->parts)
      EXPECT_TRUE(check_part(*head, part.kind, part.bytes));
    for (const RecordHead::Part& part : head->parts) {
      if (record->part(part.kind) != nullptr) continue;
      EXPECT_EQ(part.kind, PartKind::overview);
      out.without_overview.insert(number);
    }
    out.heads[number] = record->head;
    if (one.type != RecordType::gap) {
      out.records[number] = sealer().name_of(*record);
      continue;
    }
    out.gap_records.insert(number);
    for (const Gap& gap : gaps_of(*record)) {
      for (std::uint64_t n = gap.numbers.first; n <= gap.numbers.last; ++n) {
        EXPECT_FALSE(out.lost.contains(n)) << n << " is described twice";
        out.lost[n] = to_string(gap.reason);
      }
    }
  }
  return out;
}

// Each record names the hash of the one before it, where that waits too; numbers told as interrupted or
// rolled back lie outside the chain. Signatures are looked at in one record of so many.
inline void expect_chained(const Contents& contents, std::size_t one_signature_of = 8) {
  std::uint64_t before = 0;
  std::size_t count = 0;
  for (const auto& [number, bytes] : contents.heads) {
    if (count++ % one_signature_of == 0) {
      EXPECT_TRUE(signature_good(bytes, sealer().test().device_key())) << number;
    }
    bool next = before != 0;
    for (std::uint64_t n = before + 1; next && n < number; ++n) {
      const auto lost = contents.lost.find(n);
      next = lost != contents.lost.end() && (lost->second == "interrupted" || lost->second == "rolled_back");
    }
    if (next) {
      EXPECT_EQ(decode_head(bytes)->previous, chain_hash(contents.heads.at(before)))
          << "the chain breaks between " << before << " and " << number;
    }
    before = number;
  }
}

}  // namespace wayside::flash::testing
