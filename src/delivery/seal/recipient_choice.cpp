#include "src/delivery/seal/recipient_choice.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside::seal {

namespace {

// Time enough to bring a file to a camera on a pole.
constexpr std::chrono::milliseconds warned_before = std::chrono::days(14);
constexpr UtcTime never{std::numeric_limits<std::int64_t>::max()};

bool valid_at(const Recipient& one, UtcTime time) {
  return (!one.valid_from || *one.valid_from <= time) && (!one.valid_until || time < *one.valid_until);
}

std::vector<const Recipient*> full_views(const std::vector<Recipient>& all) {
  std::vector<const Recipient*> out;
  for (const Recipient& one : all) {
    if (one.view == RecordView::full) out.push_back(&one);
  }
  return out;
}

std::string named(const Recipient& one) {
  return fmt::format("\"{}\" ({})", json_escape(one.name), to_hex(key_id(one.key)));
}

std::string why_not_valid(const Recipient& one, UtcTime now) {
  return one.valid_from && now < *one.valid_from
             ? fmt::format("{} is valid from {} on", named(one), to_iso8601(*one.valid_from))
             : fmt::format("{} was valid until {}", named(one), to_iso8601(*one.valid_until));
}

std::string nobody_valid(const std::vector<const Recipient*>& full, UtcTime now) {
  std::string out = "no recipient's key is valid, so that nothing can be sealed: ";
  for (const Recipient* one : full)
    out += (one == full.front() ? "" : ", ") + why_not_valid(*one, now);
  return out + "; add the file of a recipient whose key is valid, and check the camera's clock";
}

// The first time from now on at which no key of the full view is valid, and the key that ends then.
struct End {
  UtcTime time;
  const Recipient* last = nullptr;
};
End end_of(const std::vector<const Recipient*>& full, UtcTime now) {
  End end{now, nullptr};
  for (bool further = true; further;) {
    further = false;
    for (const Recipient* one : full) {
      const UtcTime until = one->valid_until.value_or(never);
      if (!valid_at(*one, end.time) || until <= end.time) continue;
      end = {until, one};
      further = true;
    }
  }
  return end;
}

std::string ends_soon(const End& end) {
  const std::string successor =
      end.last->successor ? fmt::format("its successor {} is not valid by then, or its file is missing",
                                        to_hex(*end.last->successor))
                          : "no other is valid then";
  return fmt::format(
      "the key of {} is the last one and ends at {}, {}: add its successor's file before, or "
      "nothing can be sealed",
      named(*end.last), to_iso8601(end.time), successor);
}

}  // namespace

std::vector<const Recipient*> choose(const std::vector<Recipient>& all, std::optional<UtcTime> now,
                                     bool with_pseudonym) {
  std::vector<const Recipient*> out;
  for (const Recipient& one : all) {
    if (now && !valid_at(one, *now)) continue;
    if (one.view == RecordView::pseudonym && !with_pseudonym) continue;
    out.push_back(&one);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Recipient* a, const Recipient* b) { return a->view < b->view; });
  if (out.size() > most_boxes) out.resize(most_boxes);
  return out;
}

std::string problem_with(const std::vector<Recipient>& all, std::optional<UtcTime> now) {
  const std::vector<const Recipient*> full = full_views(all);
  if (full.empty()) {
    return "there is no recipient with the view \"full\", so that nothing can be sealed: add the file of one";
  }
  const auto valid = static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const Recipient& one) { return !now || valid_at(one, *now); }));
  const std::string crowd =
      valid <= most_boxes ? std::string{}
                          : fmt::format(
                                "{} recipients are valid and a record is sealed to {} at most, those of "
                                "the view \"full\" first: remove files",
                                valid, most_boxes);
  if (!now) return crowd;
  const End end = end_of(full, *now);
  if (end.last == nullptr) return nobody_valid(full, *now);
  if (end.time == never || end.time - *now > warned_before) return crowd;
  return ends_soon(end) + (crowd.empty() ? "" : "; " + crowd);
}

}  // namespace wayside::seal
