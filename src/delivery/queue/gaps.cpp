#include "src/delivery/queue/gaps.hpp"

#include <algorithm>

#include "wayside/base/little_endian.hpp"

namespace wayside::flash {

using little_endian::get;
using little_endian::put;

std::string_view to_string(GapReason reason) {
  switch (reason) {
    case GapReason::evicted:
      return "evicted";
    case GapReason::damaged:
      return "damaged";
    case GapReason::interrupted:
      return "interrupted";
    case GapReason::expired:
      return "expired";
    case GapReason::rolled_back:
      return "rolled_back";
  }
  return "damaged";
}

Gaps joined(Gaps gaps) {
  std::sort(gaps.begin(), gaps.end(),
            [](const Gap& a, const Gap& b) { return a.numbers.first < b.numbers.first; });
  Gaps out;
  for (const Gap& gap : gaps) {
    if (!out.empty() && out.back().reason == gap.reason && out.back().numbers.last + 1 >= gap.numbers.first) {
      out.back().numbers.last = std::max(out.back().numbers.last, gap.numbers.last);
    } else {
      out.push_back(gap);
    }
  }
  return out;
}

std::uint64_t count_numbers(const Gaps& gaps) {
  std::uint64_t count = 0;
  for (const Gap& gap : gaps)
    count += gap.numbers.last - gap.numbers.first + 1;
  return count;
}

Bytes encode(const Gaps& gaps) {
  Bytes out(gaps.size() * gap_bytes);
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    put(out, i * gap_bytes, gaps[i].numbers.first);
    put(out, i * gap_bytes + 8, gaps[i].numbers.last);
    put(out, i * gap_bytes + 16, static_cast<std::uint32_t>(gaps[i].reason));
  }
  return out;
}

Result<Gaps> decode_gaps(ByteView bytes) {
  if (bytes.size() % gap_bytes != 0) return fail(ErrorCode::corrupt, "a gap list is not whole entries long");
  Gaps out;
  for (std::size_t at = 0; at < bytes.size(); at += gap_bytes) {
    const Gap gap{{get<std::uint64_t>(bytes, at), get<std::uint64_t>(bytes, at + 8)},
                  static_cast<GapReason>(get<std::uint32_t>(bytes, at + 16))};
    const bool known = gap.reason >= GapReason::evicted && gap.reason <= GapReason::rolled_back;
    if (!known || !gap.numbers.can_be()) {
      return fail(ErrorCode::corrupt, "a gap list holds a range that cannot be");
    }
    out.push_back(gap);
  }
  return out;
}

}  // namespace wayside::flash
