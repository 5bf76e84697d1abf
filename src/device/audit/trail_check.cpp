// Whether a trail is whole: what is missing, altered, put in, torn.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "src/device/audit/trail_line.hpp"
#include "src/device/audit/trail_text.hpp"

namespace wayside {

namespace {

using audit::Link;

constexpr std::size_t most_sentences = 100;

class Check {
 public:
  explicit Check(std::string_view head) {
    if (head.empty()) return;
    const Result<Link> cut = audit::head_from(head);
    if (!cut) {
      fault(cut.error().message);
      return;
    }
    cut_ = *cut;
    report_.cut = cut->number;
    at_ = *cut;
  }

  void saw(const TrailEntry& entry, std::string_view before, bool altered_before) {
    const bool first = report_.first == 0;
    if (first) {
      report_.first = entry.number;
      // The camera stopped after it wrote the head, and before it cut: both are there.
      if (cut_ && entry.number <= cut_->number) at_ = {entry.number - 1, entry.previous, entry.key};
    }
    if (altered_before) {
      fault(fmt::format(
          "between entry {} and entry {}: {} bytes that are no entry, were altered, or have a signature "
          "that does not hold",
          at_.number, entry.number, before.size()));
    } else if (!before.empty()) {
      note(fmt::format("a line was torn while it was written after entry {}; entry {} names it", at_.number,
                       entry.number));
    }
    check_link(entry, altered_before);
    check_key(entry);
    if (cut_ && entry.number == cut_->number && entry.hash != cut_->hash)
      fault(fmt::format("entry {} is not the one that the head names", entry.number));
    at_ = {entry.number, entry.hash, entry.key};
    report_.last = std::max(report_.last, entry.number);
  }

  TrailReport end(std::string_view left) {
    if (left.empty()) return std::move(report_);
    if (audit::has_whole_line(left)) {
      fault(fmt::format(
          "after entry {}, at the end: {} bytes that were altered, or have a signature that does not hold",
          at_.number, left.size()));
    } else {
      note(fmt::format(
          "the last line, after entry {}, was torn while it was written: {} bytes, which are no entry; the "
          "next entry names them",
          at_.number, left.size()));
    }
    return std::move(report_);
  }

 private:
  void fault(std::string sentence) {
    if (report_.faults.size() < most_sentences) report_.faults.push_back(std::move(sentence));
  }
  void note(std::string sentence) {
    if (report_.notes.size() < most_sentences) report_.notes.push_back(std::move(sentence));
  }

  void check_link(const TrailEntry& entry, bool told) {
    const std::uint64_t next = at_.number + 1;
    if (entry.number == next) {
      if (entry.previous != at_.hash && !told) {
        fault(fmt::format(
            "entry {} does not follow from the one before it: entries were altered, left out or put in",
            entry.number));
      }
    } else if (entry.number > next) {
      fault(next == entry.number - 1 ? fmt::format("entry {} is missing", next)
                                     : fmt::format("entries {} to {} are missing", next, entry.number - 1));
    } else {
      fault(fmt::format("entry {} stands after entry {}: lines were moved or put in", entry.number,
                        at_.number));
    }
  }

  void check_key(const TrailEntry& entry) {
    const bool begins = at_.key == VerifyingKey{};
    if (begins || entry.key == at_.key) return;
    if (entry.what.event == trail_event::key_lost) {
      note(fmt::format("from entry {} on another key signs: the earlier one was lost", entry.number));
    } else {
      fault(fmt::format("entry {} is signed by another key than the one before it", entry.number));
    }
  }

  TrailReport report_;
  std::optional<Link> cut_;
  Link at_;
};

}  // namespace

namespace audit {

namespace {

// Backwards: each(the line without its end, where behind it ends) until it says no.
template <class Each>
void for_each_line_backwards(std::string_view text, Each each) {
  std::size_t end = text.size();
  if (text.ends_with('\n')) --end;
  while (end > 0 || (end == 0 && !text.empty())) {
    const std::size_t before = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    if (!each(text.substr(begin, end - begin), std::min(end + 1, text.size()))) return;
    if (begin == 0) return;
    end = begin - 1;
  }
}

}  // namespace

Tail tail_of(std::string_view text) {
  Tail tail;
  tail.torn = text;
  for_each_line_backwards(text, [&](std::string_view line, std::size_t behind) {
    Result<TrailEntry> entry = trail_entry_from(line);
    if (!entry) return true;
    tail.last = std::move(*entry);
    tail.torn = text.substr(behind);
    return false;
  });
  return tail;
}

std::vector<TrailEntry> newest_of(std::string_view text, std::uint64_t from, std::size_t most) {
  std::vector<TrailEntry> entries;
  for_each_line_backwards(text, [&](std::string_view line, std::size_t) {
    Result<TrailEntry> entry = trail_entry_from(line);
    if (!entry) return true;
    if (entry->number < from || entries.size() >= most) return false;
    entries.push_back(std::move(*entry));
    return true;
  });
  std::reverse(entries.begin(), entries.end());
  return entries;
}

}  // namespace audit

TrailReport verify_trail(std::string_view text, std::string_view head) {
  constexpr std::string_view head_mark = "#head ";
  if (head.empty() && text.starts_with(head_mark)) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    head = text.substr(head_mark.size(), end - head_mark.size());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Check check(head);
  std::size_t good_until = 0;
  audit::for_each_line(text, [&](std::size_t at, std::string_view line) {
    const auto entry = trail_entry_from(line);
    if (!entry) return;
    const std::string_view before = audit::without_end(text.substr(good_until, at - good_until));
    const bool altered =
        at != good_until && (audit::has_whole_line(before) || !audit::names_torn(*entry, before));
    check.saw(*entry, before, altered);
    good_until = std::min(at + line.size() + 1, text.size());
  });
  return check.end(text.substr(good_until));
}

}  // namespace wayside
