// Small queues for the tests, and what one wants to ask them.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/delivery/queue/record_queue.hpp"

#include "src/delivery/queue/flash_queue.hpp"
#include "src/delivery/queue/gaps.hpp"
#include "tests/delivery/queue/faulty_disk.hpp"

namespace wayside::flash::testing {

inline QueueOptions small_queue() {
  QueueOptions options;
  options.directory = "queue";
  options.segments = 3;
  options.segment_bytes = 64 * 1024;
  return options;
}

// A record whose document is its name, with pictures that make it `bytes` long in all.
inline RecordParts record(const std::string& name, std::size_t bytes = 3000,
                          RecordClass record_class = RecordClass::ordinary) {
  RecordParts parts;
  parts.record_class = record_class;
  parts.document.assign(name.begin(), name.end());
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

// What a gap record's document says.
inline Gaps gaps_of(const std::string& document) {
  static const std::map<std::string, GapReason> reasons = {{"evicted", GapReason::evicted},
                                                           {"damaged", GapReason::damaged},
                                                           {"interrupted", GapReason::interrupted}};
  Gaps out;
  constexpr std::string_view start = "{\"first\"";
  for (std::size_t at = document.find(start); at != std::string::npos; at = document.find(start, at + 1)) {
    unsigned long long first = 0;
    unsigned long long last = 0;
    unsigned long long count = 0;
    char reason[32] = {};
    const int fields =
        std::sscanf(document.c_str() + at, R"({"first":%llu,"last":%llu,"count":%llu,"reason":"%31[a-z])",
                    &first, &last, &count, reason);
    EXPECT_EQ(fields, 4) << document;
    EXPECT_EQ(count, last - first + 1) << document;
    EXPECT_TRUE(reasons.contains(reason)) << document;
    out.push_back({{first, last}, reasons.at(reason)});
  }
  return out;
}

struct Contents {
  std::map<std::uint64_t, std::string> records;  // name by number
  std::map<std::uint64_t, std::string> gap_records;
  std::map<std::uint64_t, std::string> lost;  // reason by number, as the gap records say
  std::uint64_t unreadable = 0;
};

// Everything that waits.
inline Contents contents(const RecordQueue& queue) {
  Contents out;
  for (const SequenceNumber number : queue.pending(std::nullopt, SIZE_MAX)) {
    const Result<RecordParts> parts = queue.read(number);
    if (!parts) {
      ++out.unreadable;
      continue;
    }
    const std::string document = text(parts->document);
    if (parts->record_class != RecordClass::gap) {
      out.records[number.value()] = document;
      continue;
    }
    out.gap_records[number.value()] = document;
    for (const Gap& gap : gaps_of(document)) {
      for (std::uint64_t n = gap.numbers.first; n <= gap.numbers.last; ++n) {
        EXPECT_FALSE(out.lost.contains(n)) << n << " is described twice";
        out.lost[n] = gap.reason == GapReason::evicted   ? "evicted"
                      : gap.reason == GapReason::damaged ? "damaged"
                                                         : "interrupted";
      }
    }
  }
  return out;
}

}  // namespace wayside::flash::testing
