#include "src/backoffice/gap_record.hpp"

#include <optional>

#include <fmt/format.h>

#include "wayside/base/little_endian.hpp"

namespace wayside::backoffice {

namespace {

constexpr std::size_t entry_bytes = 24;

std::optional<GapReason> reason_from(std::uint32_t code) {
  switch (code) {
    case 1:
      return GapReason::evicted;
    case 2:
      return GapReason::damaged;
    case 3:
      return GapReason::interrupted;
    case 4:
      return GapReason::expired;
    case 5:
      return GapReason::rolled_back;
    default:
      return std::nullopt;
  }
}

Result<Gap> gap_from(ByteView entry, std::uint64_t number) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::invalid_input, why); };
  const NumberRange numbers{little_endian::get<std::uint64_t>(entry, 0),
                            little_endian::get<std::uint64_t>(entry, 8)};
  if (numbers.first == 0) return refuse("first must be from 1 on");
  if (numbers.last >= number) return refuse("last must be below the gap record's own number");
  if (numbers.first > numbers.last) return refuse("first is above last");
  const auto reason = reason_from(little_endian::get<std::uint32_t>(entry, 16));
  if (!reason) return refuse("reason must be from 1 to 5");
  if (little_endian::get<std::uint32_t>(entry, 20) != 0) return refuse("the last four bytes must be zero");
  return Gap{numbers, *reason};
}

}  // namespace

Result<std::vector<Gap>> gaps_from(ByteView list, std::uint64_t number) {
  if (list.empty() || list.size() % entry_bytes != 0) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the gap list must be one or more entries of {} bytes", entry_bytes));
  }
  std::vector<Gap> gaps;
  for (; !list.empty(); list = list.subspan(entry_bytes)) {
    const auto gap = gap_from(list.first(entry_bytes), number);
    if (!gap) return fail(gap.error().context(fmt::format("gap {}", gaps.size() + 1)));
    gaps.push_back(*gap);
  }
  return gaps;
}

}  // namespace wayside::backoffice
