#include "wayside/device/watchlist/list_issue.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "src/device/watchlist/list_content.hpp"

namespace wayside {

namespace {

std::string_view key_in(std::string_view line) {
  const std::size_t vrm = line.find('\t');
  return line.substr(0, line.find('\t', vrm + 1));
}

ListDigest digest_of(std::string_view lines) {
  watchlist::LineDigest digest;
  digest.add(lines);
  return digest.finish();
}

std::size_t head_bytes_of(std::string_view document) {
  const std::size_t first = document.find('\n');
  const std::size_t second = first == std::string_view::npos ? first : document.find('\n', first + 1);
  return second == std::string_view::npos ? document.size() : second + 1;
}

// The next line of `lines`, which loses it; nothing where there is none.
std::optional<std::string_view> next_line(std::string_view& lines) {
  if (lines.empty()) return std::nullopt;
  const std::size_t end = std::min(lines.find('\n'), lines.size());
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(std::min(end + 1, lines.size()));
  return line;
}

}  // namespace

void ListMaker::add(const WatchEntry& entry, std::uint64_t line) {
  if (const auto fault = fault_of(entry)) return bad_.add(line, *fault);
  lines_.emplace_back(to_line(entry), line);
}

Result<std::string> ListMaker::full(ListFacts facts, const Secret& seed) {
  std::sort(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
    const std::string_view first = key_in(a.first), second = key_in(b.first);
    return first != second ? first < second : a.second < b.second;
  });
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    bytes += lines_[i].first.size() + 1;
    if (i > 0 && key_in(lines_[i].first) == key_in(lines_[i - 1].first))
      bad_.add(lines_[i].second, "pnc_id",
               fmt::format("another than in line {}, which has the same VRM", lines_[i - 1].second));
  }
  if (bad_.count() != 0) return fail(ErrorCode::invalid_input, bad_.text());
  std::string body;
  body.reserve(bytes);
  for (const auto& [line, ignored] : lines_) {
    body += line;
    body += '\n';
  }
  facts.entries = lines_.size();
  facts.bytes = body.size();
  facts.digest = digest_of(body);
  const auto head = sign_list_head({facts, std::nullopt}, seed);
  if (!head) return fail(head.error());
  body.insert(0, *head);
  return body;
}

Result<ListHead> list_head_of(std::string_view document, std::span<const VerifyingKey> keys) {
  return list_head_from(document.substr(0, head_bytes_of(document)), keys);
}

Result<ListText> full_list_from(std::string_view document, std::span<const VerifyingKey> keys) {
  const std::size_t head_bytes = head_bytes_of(document);
  auto head = list_head_from(document.substr(0, head_bytes), keys);
  if (!head) return fail(head.error());
  if (head->delta) return fail(ErrorCode::invalid_input, "it is a delta, and the full VOI list is needed");
  const std::string_view lines = document.substr(head_bytes);
  const auto ends = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  if (lines.size() != head->facts.bytes || ends != head->facts.entries ||
      digest_of(lines) != head->facts.digest)
    return fail(ErrorCode::corrupt, "the lines of the VOI list are not those that its head names");
  return ListText{std::move(*head), lines};
}

Result<std::string> delta_between(const ListText& base, const ListText& later, const Secret& seed) {
  if (base.head.facts.list != later.head.facts.list)
    return fail(ErrorCode::invalid_input,
                "a delta leads from one revision of a VOI list to another of the same");
  std::string changes;
  std::uint64_t count = 0;
  const auto change = [&](char sign, std::string_view what) {
    changes += sign;
    changes += what;
    changes += '\n';
    ++count;
  };
  std::string_view before = base.lines, after = later.lines;
  auto old_line = next_line(before);
  auto new_line = next_line(after);
  while (old_line || new_line) {
    const bool gone = old_line && (!new_line || key_in(*old_line) < key_in(*new_line));
    const bool came = new_line && (!old_line || key_in(*new_line) < key_in(*old_line));
    if (gone)
      change('-', key_in(*old_line));
    else if (came || *old_line != *new_line)
      change('+', *new_line);
    if (!came) old_line = next_line(before);
    if (!gone) new_line = next_line(after);
  }
  ListHead head{later.head.facts, ListChanges{base.head.facts.revision, base.head.facts.digest, count,
                                              changes.size(), digest_of(changes)}};
  const auto signed_head = sign_list_head(head, seed);
  if (!signed_head) return fail(signed_head.error());
  return *signed_head + changes;
}

}  // namespace wayside
