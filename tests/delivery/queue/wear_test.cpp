// What storing a record costs the device: bytes written and syncs, acknowledgements and reuse of segments
// included.
#include <gtest/gtest.h>

#include "tests/delivery/queue/queue_fixture.hpp"

namespace wayside::flash::testing {
namespace {

struct Cost {
  double bytes_per_payload_byte = 0;
  double syncs_per_record = 0;
};

// 600 records in groups, each acknowledged soon after, over four segments of the size that is shipped. The
// payload is what is handed in, so that sealing is part of the price.
Cost cost_of(std::size_t payload, std::size_t group_records) {
  FaultyDevice device;
  QueueOptions options = small_queue();
  options.segment_bytes = 8U << 20U;
  const auto queue = opened(device, options);
  const RecordParts parts = record("document", payload);
  const std::vector<RecordParts> group(group_records, parts);
  const std::uint64_t bytes = device.bytes_written;
  const std::uint64_t syncs = device.syncs;
  constexpr std::size_t records = 600;
  for (std::size_t i = 0; i < records / group_records; ++i) {
    const auto accepted = queue->append(group);
    EXPECT_TRUE(accepted);
    for (const SequenceNumber number : *accepted)
      EXPECT_TRUE(queue->acknowledge(number));
  }
  const Cost cost{static_cast<double>(device.bytes_written - bytes) / static_cast<double>(records * payload),
                  static_cast<double>(device.syncs - syncs) / static_cast<double>(records)};
  ::testing::Test::RecordProperty("bytes_per_payload_byte", std::to_string(cost.bytes_per_payload_byte));
  ::testing::Test::RecordProperty("syncs_per_record", std::to_string(cost.syncs_per_record));
  return cost;
}

TEST(Wear, StaysWithinTheBudgetFor30KilobyteRecords) {
  const Cost single = cost_of(30'000, 1);
  EXPECT_LT(single.bytes_per_payload_byte, 1.11);
  EXPECT_LT(single.syncs_per_record, 1.05);
  const Cost grouped = cost_of(30'000, 4);
  EXPECT_LT(grouped.bytes_per_payload_byte, 1.06);
  EXPECT_LT(grouped.syncs_per_record, 0.30);
}

TEST(Wear, StaysWithinTheBudgetFor100KilobyteRecords) {
  const Cost single = cost_of(100'000, 1);
  EXPECT_LT(single.bytes_per_payload_byte, 1.04);
  EXPECT_LT(single.syncs_per_record, 1.05);
  const Cost grouped = cost_of(100'000, 4);
  EXPECT_LT(grouped.bytes_per_payload_byte, 1.03);
  EXPECT_LT(grouped.syncs_per_record, 0.30);
}

}  // namespace
}  // namespace wayside::flash::testing
