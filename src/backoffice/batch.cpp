#include "src/backoffice/batch.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "wayside/base/little_endian.hpp"

namespace wayside::backoffice {

namespace {

constexpr std::size_t frame_bytes = 72;
constexpr std::string_view magic = "WYSH";

template <class Array>
Array array_at(ByteView bytes, std::size_t offset) {
  Array out{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return out;
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// `rest` begins with it.
Result<ReceivedShipment> first_of(ByteView rest) {
  const auto refuse = [](std::string why) { return fail(ErrorCode::invalid_input, std::move(why)); };
  if (rest.size() < frame_bytes) return refuse("the frame is cut short");
  const auto at_front = rest.first(magic.size());
  if (!std::equal(at_front.begin(), at_front.end(), magic.begin(), magic.end()))
    return refuse("the magic is not WYSH");
  if (rest[4] > static_cast<std::uint8_t>(ShipmentPart::overview))
    return refuse("field kind must be 0, 1 or 2");
  if (!all_zero(rest.subspan(5, 3)) || !all_zero(rest.subspan(12, 4)))
    return refuse("bytes that must be zero are not");
  const auto length = little_endian::get<std::uint32_t>(rest, 8);
  if (length == 0) return refuse("field length must be at least 1");
  if (length > largest_payload_bytes) {
    return fail(ErrorCode::exhausted, fmt::format("field length is above {}", largest_payload_bytes));
  }
  const auto number = little_endian::get<std::uint64_t>(rest, 32);
  if (number == 0 || number >= std::uint64_t{1} << 62U)
    return refuse("field number must be from 1 to below 2^62");
  if (rest.size() - frame_bytes < length) return refuse("the payload is cut short");
  return ReceivedShipment{static_cast<ShipmentPart>(rest[4]), array_at<QueueUuid>(rest, 16),
                          SequenceNumber(number), array_at<Sha256>(rest, 40),
                          rest.subspan(frame_bytes, length)};
}

}  // namespace

std::string_view to_string(ShipmentPart part) {
  switch (part) {
    case ShipmentPart::text:
      return "text";
    case ShipmentPart::plate:
      return "plate";
    case ShipmentPart::overview:
      return "overview";
  }
  return "unknown";
}

Result<std::vector<ReceivedShipment>> parse_batch(ByteView body) {
  if (body.empty()) return fail(ErrorCode::invalid_input, "the batch is empty");
  std::vector<ReceivedShipment> shipments;
  while (!body.empty()) {
    if (shipments.size() == most_shipments) {
      return fail(ErrorCode::exhausted, fmt::format("there are more than {} shipments", most_shipments));
    }
    const auto next = first_of(body);
    if (!next) return fail(next.error().context(fmt::format("shipment {}", shipments.size() + 1)));
    body = body.subspan(frame_bytes + next->payload.size());
    shipments.push_back(*next);
  }
  return shipments;
}

}  // namespace wayside::backoffice
