#include "wayside/backoffice/coverage.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

#include "src/backoffice/gap_record.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

using Ranges = std::vector<NumberRange>;  // where not said otherwise ascending, never touching each other

struct QueueNumbers {
  Ranges stored;
  std::array<Ranges, gap_reasons.size()> told;  // as they come
  std::multimap<std::uint64_t, Sha256> books;   // chain hashes that the days' books tell, by number
  Ranges told_at_all;
  std::vector<Link> before;  // of the number before the one that is looked at, all twins
  std::vector<Link> here;    // those of this one so far
  Ranges twins;
  Places chain_breaks;
  Places book_contradictions;
};
using Queues = std::map<std::pair<std::string, std::string>, QueueNumbers>;

void append(Ranges& ranges, const NumberRange& next) {
  if (!ranges.empty() && ranges.back().last + 1 >= next.first) {
    ranges.back().last = std::max(ranges.back().last, next.last);
  } else {
    ranges.push_back(next);
  }
}

Ranges merged(Ranges ranges, const Ranges& others = {}) {
  ranges.insert(ranges.end(), others.begin(), others.end());
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Ranges out;
  for (const NumberRange& range : ranges)
    append(out, range);
  return out;
}

Ranges without(const Ranges& from, const Ranges& taken) {
  Ranges out;
  auto next = taken.begin();
  for (NumberRange rest : from) {
    while (next != taken.end() && next->last < rest.first)
      ++next;
    // The last of `taken` that reaches in here may reach into the next range too: it is looked at again
    // there.
    for (auto cut = next; cut != taken.end() && cut->first <= rest.last; ++cut) {
      if (cut->first > rest.first) out.push_back({rest.first, cut->first - 1});
      rest.first = cut->last + 1;
    }
    if (rest.first <= rest.last) out.push_back(rest);
  }
  return out;
}

Ranges common(const Ranges& a, const Ranges& b) {
  return without(a, without(a, b));
}

// Numbers reach up to 2^63, so that those of three queues can be more than the sum can hold: "none missing"
// must not come of that.
std::uint64_t capped_sum(std::uint64_t a, std::uint64_t b) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  return a > most - b ? most : a + b;
}

std::uint64_t count(const Ranges& ranges) {
  std::uint64_t numbers = 0;
  for (const NumberRange& range : ranges)
    numbers = capped_sum(numbers, capped_sum(range.last - range.first, 1));
  return numbers;
}

bool holds(const Ranges& ranges, std::uint64_t number) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), number,
                       [](std::uint64_t n, const NumberRange& range) { return n < range.first; });
  return after != ranges.begin() && std::prev(after)->last >= number;
}

// A gap record covers a break: of a write that failed nobody knows what was chained onto it. Of twins any may
// be the one that this record follows.
bool follows(const QueueNumbers& queue, const Link& link) {
  const std::uint64_t number = link.id.number;
  if (number == 1) return link.previous == Sha256{};
  if (queue.before.empty() || queue.before.front().id.number + 1 != number) return true;
  return std::any_of(queue.before.begin(), queue.before.end(),
                     [&](const Link& before) { return link.previous == before.chain; }) ||
         holds(queue.told_at_all, number - 1) || holds(queue.told_at_all, number);
}

void add_book(QueueNumbers& queue, const StoredRecord& record) {
  if (record.type == RecordType::coverage) {
    if (const auto mark = chain_mark_of(record.document)) queue.books.emplace(mark->number, mark->hash);
    return;
  }
  // As check() says: what is not what the camera signed gives up nothing.
  const auto head = decode_head(record.head);
  if (!head || !check_part(*head, PartKind::gaps, record.gaps)) return;
  const auto gaps = gaps_from(record.gaps, record.id.number);
  if (!gaps) return;
  for (const Gap& gap : *gaps)
    queue.told[static_cast<std::size_t>(gap.reason)].push_back(gap.numbers);
}

void add(Places& places, std::uint64_t number) {
  if (places.count++ == 0) places.first = number;
  places.last = number;
}

// All records of one number have been looked at. A book tells of one of them.
void end_number(QueueNumbers& queue) {
  queue.before = std::exchange(queue.here, {});
  if (queue.before.empty()) return;
  const std::uint64_t number = queue.before.front().id.number;
  const auto [begin, end] = queue.books.equal_range(number);
  const bool contradicted = std::any_of(begin, end, [&](const auto& book) {
    return std::none_of(queue.before.begin(), queue.before.end(),
                        [&](const Link& link) { return link.chain == book.second; });
  });
  if (contradicted) add(queue.book_contradictions, number);
}

void add_link(QueueNumbers& queue, const Link& link) {
  const std::uint64_t number = link.id.number;
  if (queue.here.empty() || queue.here.front().id.number != number) {
    end_number(queue);
  } else {
    append(queue.twins, {number, number});
  }
  append(queue.stored, {number, number});
  if (!follows(queue, link)) add(queue.chain_breaks, number);
  queue.here.push_back(link);
}

Result<Queues> read(Store& store) {
  Queues queues;
  const auto on_book = [&](const StoredRecord& record) -> Status {
    add_book(queues[{record.id.device_id, record.id.queue_uuid}], record);
    return {};
  };
  bool books_are_read = false;
  const auto on_link = [&](const Link& link) -> Status {
    if (!std::exchange(books_are_read, true)) {
      for (auto& [ignored, queue] : queues) {
        for (const Ranges& told : queue.told)
          queue.told_at_all = merged(std::move(queue.told_at_all), told);
      }
    }
    add_link(queues[{link.id.device_id, link.id.queue_uuid}], link);
    return {};
  };
  if (const auto visited = store.visit_links(on_book, on_link); !visited) return fail(visited.error());
  for (auto& [ignored, queue] : queues)
    end_number(queue);
  return queues;
}

std::string listed(const Ranges& ranges) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, ranges.size()); ++i) {
    const auto& [first, last] = ranges[i];
    text += fmt::format("{}{}", i == 0 ? "" : ", ", first);
    if (last != first) text += fmt::format("-{}", last);
  }
  if (ranges.size() > most) text += fmt::format(" and {} more ranges", ranges.size() - most);
  return text;
}

std::string listed(const Places& places) {
  return places.count == 1
             ? fmt::format("at {}", places.first)
             : fmt::format("at {} numbers, first {} and last {}", places.count, places.first, places.last);
}

std::string numbers(std::uint64_t count) {
  return fmt::format("{} number{}", count, count == 1 ? "" : "s");
}

}  // namespace

std::string_view to_string(GapReason reason) {
  switch (reason) {
    case GapReason::evicted:
      return "evicted";
    case GapReason::expired:
      return "expired";
    case GapReason::damaged:
      return "damaged";
    case GapReason::rolled_back:
      return "rolled back";
    case GapReason::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::uint64_t QueueCoverage::given_up_count() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t one : given_up)
    sum = capped_sum(sum, one);
  return sum;
}

std::uint64_t QueueCoverage::missing_count() const {
  return count(missing);
}

Result<std::vector<QueueCoverage>> coverage(Store& store) {
  // Heartbeats first: what they say is receipted was stored before they came.
  const auto heartbeats = store.heartbeats();
  if (!heartbeats) return fail(heartbeats.error());
  auto queues = read(store);
  if (!queues) return fail(queues.error());
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, UtcTime>> receipted;
  for (const Store::KeptHeartbeat& heartbeat : *heartbeats) {
    const std::uint64_t number = delivered_in_heartbeat(heartbeat.json);
    const std::pair queue(heartbeat.device_id, queue_in_heartbeat(heartbeat.json));
    if (number == 0 || queue.second.empty()) continue;
    queues->try_emplace(queue);
    receipted.emplace(queue, std::pair(number, heartbeat.received_at));
  }
  std::vector<QueueCoverage> out;
  for (const auto& [key, queue] : *queues) {
    QueueCoverage one;
    one.device_id = key.first;
    one.queue_uuid = key.second;
    one.twins = queue.twins;
    one.chain_breaks = queue.chain_breaks;
    one.book_contradictions = queue.book_contradictions;
    Ranges known = queue.stored;
    Ranges lost_on_the_camera;
    for (std::size_t reason = 0; reason < gap_reasons.size(); ++reason) {
      const Ranges told = merged(queue.told[reason]);
      one.given_up[reason] = count(without(told, known));
      known = merged(std::move(known), told);
      if (gap_reasons[reason] == GapReason::rolled_back) {
        one.rolled_back = told;
      } else {
        lost_on_the_camera = merged(std::move(lost_on_the_camera), told);
      }
    }
    one.stored_and_given_up = without(common(queue.stored, lost_on_the_camera), one.rolled_back);
    std::uint64_t highest = known.empty() ? 0 : known.back().last;
    if (const auto said = receipted.find(key); said != receipted.end() && !holds(known, said->second.first)) {
      std::tie(one.receipted_and_gone, one.receipted_said_at) = said->second;
      highest = std::max(highest, one.receipted_and_gone);
    }
    one.missing = without({{1, highest}}, known);
    out.push_back(std::move(one));
  }
  return out;
}

CoverageTotals totals(const std::vector<QueueCoverage>& queues) {
  CoverageTotals sum;
  for (const QueueCoverage& queue : queues) {
    sum.given_up = capped_sum(sum.given_up, queue.given_up_count());
    sum.missing = capped_sum(sum.missing, queue.missing_count());
  }
  return sum;
}

std::vector<std::string> sentences(const QueueCoverage& queue) {
  // Whoever can write to the file can put anything there.
  const std::string name =
      fmt::format("queue {} of device {}", json_escape(queue.queue_uuid), json_escape(queue.device_id));
  std::vector<std::string> out;
  if (const std::uint64_t given_up = queue.given_up_count(); given_up > 0) {
    std::string reasons;
    for (const GapReason reason : gap_reasons) {
      const std::uint64_t one = queue.given_up[static_cast<std::size_t>(reason)];
      if (one > 0) reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", one, to_string(reason));
    }
    out.push_back(fmt::format("{}: {} given up by the camera ({})", name, numbers(given_up), reasons));
  }
  if (!queue.missing.empty()) {
    out.push_back(
        fmt::format("{}: {} missing ({}): a loss to look into, unless the camera still has to send them",
                    name, numbers(queue.missing_count()), listed(queue.missing)));
  }
  if (!queue.stored_and_given_up.empty()) {
    out.push_back(fmt::format(
        "{}: {} stored here and told as given up by the camera too ({}): no loss, but its gap records say "
        "more than is true",
        name, numbers(count(queue.stored_and_given_up)), listed(queue.stored_and_given_up)));
  }
  if (!queue.rolled_back.empty() || !queue.twins.empty()) {
    std::string what;
    if (!queue.twins.empty()) {
      what += fmt::format("{} used twice, and both records kept ({})", numbers(count(queue.twins)),
                          listed(queue.twins));
    }
    if (!queue.rolled_back.empty()) {
      what +=
          fmt::format("{}{} left out afterwards, so that none is used twice ({})", what.empty() ? "" : "; ",
                      numbers(count(queue.rolled_back)), listed(queue.rolled_back));
    }
    out.push_back(
        fmt::format("{}: the camera went on from an older state of its card: {}. Somebody put it back, "
                    "or there is a copy of the card: find out who",
                    name, what));
  }
  if (queue.receipted_and_gone > 0) {
    out.push_back(fmt::format(
        "{}: the camera's heartbeat of {} has a receipt for record {}, which is not here: records were taken "
        "out of the store, or an older state of it was put back, and the camera has let go of them",
        name, to_iso8601(queue.receipted_said_at), queue.receipted_and_gone));
  }
  if (queue.chain_breaks.count > 0) {
    out.push_back(
        fmt::format("{}: the chain is broken {}: the head there does not name the record before it, and no "
                    "gap record says why; one of the two is not what the camera wrote next to the other",
                    name, listed(queue.chain_breaks)));
  }
  if (queue.book_contradictions.count > 0) {
    out.push_back(fmt::format("{}: {} than a day's book of the camera says", name,
                              queue.book_contradictions.count == 1
                                  ? fmt::format("record {} is another", queue.book_contradictions.first)
                                  : fmt::format("records {} are others", listed(queue.book_contradictions))));
  }
  return out;
}

}  // namespace wayside::backoffice
