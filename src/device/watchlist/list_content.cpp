#include "src/device/watchlist/list_content.hpp"

#include <utility>

#include <fmt/format.h>

#include "src/device/watchlist/matcher.hpp"

namespace wayside::watchlist {

Status check_size(const ListFacts& facts, const ListLimits& limits) {
  const auto refuse = [](std::uint64_t is, std::uint64_t most, std::string_view what) {
    return fail(
        ErrorCode::refused,
        fmt::format("the VOI list has {} {}, and this camera takes {} at most: issue a smaller one for "
                    "it; the list before stays in force",
                    is, what, most));
  };
  if (facts.entries > limits.entries) return refuse(facts.entries, limits.entries, "entries");
  if (facts.bytes > limits.bytes) return refuse(facts.bytes, limits.bytes, "bytes");
  return {};
}

void ListBuilder::add(std::string_view line, const EntryLine& entry) {
  // What goes beyond its head is refused in the end, and must not fill the memory until then.
  if (++entries_ > facts_.entries) return;
  index_.add(entry[WatchField::vrm], static_cast<LinePlace>(bytes_), entry.weed_day);
  digest_.add(line);
  digest_.add("\n");
  bytes_ += line.size() + 1;
}

Status ListBuilder::finish() {
  if (entries_ != facts_.entries || bytes_ != facts_.bytes || digest_.finish() != facts_.digest) {
    return fail(ErrorCode::corrupt,
                fmt::format("the lines of the VOI list are not those that its head names ({} entries of {}): "
                            "get it from the back office anew",
                            entries_, facts_.entries));
  }
  if (index_.patterns().size() > limits_.patterns) {
    return fail(
        ErrorCode::refused,
        fmt::format("the VOI list has {} entries with wild cards or more than 12 characters, and this "
                    "camera takes {} at most: issue a smaller one for it; the list before stays in "
                    "force",
                    index_.patterns().size(), limits_.patterns));
  }
  index_.finish();
  return {};
}

SealedLines::SealedLines(const SealedReader& file, std::uint64_t from)
    : file_(file), chunk_(from / chunk_bytes), at_(from % chunk_bytes) {
  bytes_.reserve(2 * chunk_bytes);
}

Result<std::optional<std::string_view>> SealedLines::next() {
  for (;;) {
    const std::string_view rest = text_of(bytes_).substr(std::min(at_, bytes_.size()));
    if (const std::size_t end = rest.find('\n'); end != std::string_view::npos) {
      at_ += end + 1;
      return rest.substr(0, end);
    }
    if (chunk_ == file_.chunks()) return std::nullopt;
    const auto chunk = file_.chunk(chunk_++);
    if (!chunk) return fail(chunk.error());
    if (!bytes_.empty()) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
      at_ = 0;
    }
    bytes_.insert(bytes_.end(), chunk->begin(), chunk->end());
  }
}

Result<std::shared_ptr<const WatchList>> load_list(const std::filesystem::path& file,
                                                   const WatchListStore::Options& options) {
  auto reader = SealedReader::open(file, options.key);
  if (!reader) return fail(reader.error());
  const auto head = list_head_from(reader->head(), options.issuers);
  if (!head) return fail(head.error());
  if (head->facts.list != options.list)
    return fail(ErrorCode::corrupt, "the sealed VOI list is another than is kept here: get the full list");
  if (auto small = check_size(head->facts, options.limits); !small) return fail(small.error());
  if (auto whole = reader->expect(head->facts.bytes); !whole) return fail(whole.error());
  ListBuilder builder(head->facts, options.limits);
  SealedLines lines(*reader);
  for (;;) {
    const auto line = lines.next();
    if (!line) return fail(line.error());
    if (!*line) break;
    EntryLine entry;
    if (parse_entry_line(**line, entry)) {
      return fail(ErrorCode::corrupt,
                  "the sealed VOI list has a line that this version does not take: get the full list");
    }
    builder.add(**line, entry);
  }
  if (auto good = builder.finish(); !good) return fail(good.error());
  return std::make_shared<const WatchList>(std::unique_ptr<const WatchList::Content>(
      new WatchList::Content{head->facts, builder.take_index(), std::move(*reader)}));
}

}  // namespace wayside::watchlist

namespace wayside {

WatchList::WatchList(std::unique_ptr<const Content> content) : content_(std::move(content)) {}
WatchList::~WatchList() = default;

const ListFacts& WatchList::facts() const {
  return content_->facts;
}

WatchAnswer WatchList::match(const WatchedRead& read, const TimeBounds& taken,
                             const WatchMatching& how) const {
  return watchlist::match(content_->index, content_->facts, read, taken, how);
}

Result<WatchEntry> WatchList::entry(std::uint32_t place) const {
  if (place >= content_->facts.bytes)
    return fail(ErrorCode::not_found, "no entry of the VOI list begins there");
  watchlist::SealedLines lines(content_->lines, place);
  const auto line = lines.next();
  if (!line) return fail(line.error());
  EntryLine entry;
  if (!*line || parse_entry_line(**line, entry))
    return fail(ErrorCode::not_found, "no entry of the VOI list begins there");
  return entry_of(entry);
}

std::size_t WatchList::memory_bytes() const {
  return content_->index.bytes();
}

}  // namespace wayside
