#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

#include "src/device/watchlist/line_splitter.hpp"
#include "src/device/watchlist/list_content.hpp"

namespace wayside {

using watchlist::ListBuilder;
using watchlist::SealedLines;
using watchlist::SealedReader;
using watchlist::SealedWriter;

namespace {

// For each chunk (sealed_file.hpp), generously.
constexpr std::uint64_t sealed_more_each = 64;

}  // namespace

std::string_view to_string(ListWanted wanted) {
  switch (wanted) {
    case ListWanted::nothing:
      return "nothing";
    case ListWanted::full:
      return "full";
    case ListWanted::again:
      return "again";
  }
  return "unknown";
}

class ListUpdate::Work {
 public:
  explicit Work(WatchListStore& store) : store_(store), before_(store.current()) {}

  Status append(ByteView part);
  Result<std::shared_ptr<const WatchList>> finish();
  [[nodiscard]] ListWanted wanted() const { return wanted_; }

 private:
  enum class Stage { head, lines, held };

  Status give_up(ListWanted wanted, Error error);
  Status take_head(ByteView& part);
  Status begin_lines();
  [[nodiscard]] Status check_room() const;
  [[nodiscard]] std::optional<std::pair<ListWanted, std::string>> unfit_revision() const;
  void take_full_line(std::string_view line);
  void take_delta_line(std::string_view line);
  // Base lines up to this key go into the new list; true: the base has an entry of this key, which does not.
  Result<bool> copy_base_to(std::optional<std::string_view> key);
  Status next_base_line();
  Status put(std::string_view line, const EntryLine& entry);
  Status check_lines();
  Result<std::shared_ptr<const WatchList>> put_in_force();

  WatchListStore& store_;
  const std::shared_ptr<const WatchList> before_;
  Stage stage_ = Stage::head;
  std::optional<Error> failure_;
  ListWanted wanted_ = ListWanted::nothing;

  std::string head_text_;
  ListHead head_;
  std::optional<ListBuilder> builder_;
  std::optional<SealedWriter> writer_;
  watchlist::LineSplitter splitter_;
  watchlist::LineDigest digest_;
  watchlist::RisingKeys keys_;
  std::uint64_t bytes_ = 0;
  std::uint64_t lines_ = 0;
  BadLines bad_;
  bool misses_base_ = false;  // a bad line is one that the base has no entry for

  std::optional<SealedLines> base_;
  std::optional<std::string_view> base_line_;
  EntryLine base_entry_;
};

Status ListUpdate::Work::give_up(ListWanted wanted, Error error) {
  if (!failure_) {
    failure_ = std::move(error);
    wanted_ = wanted;
    writer_.reset();  // nothing of it stays on flash
    builder_.reset();
  }
  return fail(*failure_);
}

Status ListUpdate::Work::append(ByteView part) {
  if (failure_) return fail(*failure_);
  if (stage_ == Stage::head) {
    if (auto taken = take_head(part); !taken) return taken;
  }
  if (stage_ != Stage::lines) return {};
  bytes_ += part.size();
  if (bytes_ > head_.bytes()) {
    return give_up(ListWanted::again, {ErrorCode::corrupt,
                                       "the VOI list has more bytes than its head says: get it from the back "
                                       "office anew"});
  }
  digest_.add({reinterpret_cast<const char*>(part.data()), part.size()});
  splitter_.feed(part, [&](std::string_view line) {
    ++lines_;
    if (failure_) return;
    if (head_.delta)
      take_delta_line(line);
    else
      take_full_line(line);
  });
  return failure_ ? fail(*failure_) : Status{};
}

Status ListUpdate::Work::take_head(ByteView& part) {
  while (!part.empty()) {
    const char c = static_cast<char>(part.front());
    part = part.subspan(1);
    head_text_ += c;
    if (c == '\n' && head_text_.size() > first_head_line_bytes) return begin_lines();
    const bool too_long = head_text_.size() >= largest_list_head_bytes;
    if (too_long || (c == '\n' && head_text_.size() < first_head_line_bytes)) {
      return give_up(ListWanted::again, {ErrorCode::corrupt,
                                         "it is no VOI list (its head is not of two lines): get it from the "
                                         "back office anew"});
    }
  }
  return {};
}

std::optional<std::pair<ListWanted, std::string>> ListUpdate::Work::unfit_revision() const {
  const ListFacts& facts = head_.facts;
  if (facts.list != store_.options_.list)
    return std::pair(ListWanted::nothing, fmt::format("the VOI list is {}, and {} is kept here", facts.list,
                                                      store_.options_.list));
  const std::uint64_t held = before_ ? before_->facts().revision : 0;
  if (facts.revision < held) {
    return std::pair(
        ListWanted::nothing,
        fmt::format("the VOI list is of revision {}, and revision {} is held: an older one is not "
                    "taken; to go back, issue its entries under a higher revision",
                    facts.revision, held));
  }
  if (facts.revision == held && facts.digest != before_->facts().digest) {
    return std::pair(ListWanted::nothing,
                     fmt::format("the VOI list is of revision {}, which is held with other entries: issue it "
                                 "under a higher revision",
                                 facts.revision));
  }
  if (facts.revision == held || !head_.delta) return std::nullopt;
  if (head_.delta->base != held) {
    return std::pair(
        ListWanted::full,
        fmt::format("the delta leads from revision {} of the VOI list to {}, and {} is held: ask "
                    "for the full list",
                    head_.delta->base, facts.revision,
                    before_ ? fmt::format("revision {}", held) : std::string("none")));
  }
  if (head_.delta->base_digest != before_->facts().digest) {
    return std::pair(ListWanted::full,
                     fmt::format("the delta leads from a revision {} of the VOI list with other entries than "
                                 "are held: ask for the full list",
                                 held));
  }
  return std::nullopt;
}

Status ListUpdate::Work::begin_lines() {
  auto head = list_head_from(head_text_, store_.options_.issuers);
  if (!head) {
    return give_up(head.error().code == ErrorCode::corrupt ? ListWanted::again : ListWanted::nothing,
                   head.error());
  }
  head_ = std::move(*head);
  if (auto unfit = unfit_revision(); unfit)
    return give_up(unfit->first, {ErrorCode::refused, std::move(unfit->second)});
  if (before_ && head_.facts.revision == before_->facts().revision) {
    stage_ = Stage::held;
    return {};
  }
  if (auto small = watchlist::check_size(head_.facts, store_.options_.limits); !small)
    return give_up(ListWanted::nothing, small.error());
  if (head_.delta && head_.delta->bytes > store_.options_.limits.bytes) {
    return give_up(ListWanted::full, {ErrorCode::refused,
                                      "the delta is larger than any list that this camera takes: ask for the "
                                      "full list"});
  }
  // Again, since another list may go meanwhile: of what comes no more than the head is lost.
  if (auto room = check_room(); !room) return give_up(ListWanted::again, room.error());
  auto writer = SealedWriter::begin(store_.file(), store_.options_.key, head_text_, head_.facts.bytes);
  if (!writer) return give_up(ListWanted::again, writer.error());
  writer_ = std::move(*writer);
  builder_.emplace(head_.facts, store_.options_.limits);
  stage_ = Stage::lines;
  if (!head_.delta) return {};
  base_.emplace(before_->content().lines);
  return next_base_line();
}

// It is written beside the one that is held.
Status ListUpdate::Work::check_room() const {
  const ListLimits& limits = store_.options_.limits;
  const std::uint64_t sealed = head_.facts.bytes +
                               head_.facts.bytes / watchlist::chunk_bytes * sealed_more_each +
                               largest_list_head_bytes;
  std::error_code failed;
  const auto space = std::filesystem::space(store_.options_.folder, failed);
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot look at {}: {}",
                                           json_escape(store_.options_.folder.string()), failed.message()));
  }
  const std::uint64_t room = space.available - std::min<std::uint64_t>(space.available, limits.bytes_left);
  if (sealed <= room) return {};
  return fail(
      ErrorCode::exhausted,
      fmt::format("the VOI list takes {} bytes beside what is held, and there is room for {}: give this "
                  "camera a shorter list, or fewer",
                  sealed, room));
}

Status ListUpdate::Work::put(std::string_view line, const EntryLine& entry) {
  builder_->add(line, entry);
  for (const std::string_view part : {line, std::string_view("\n")}) {
    if (auto written = writer_->append(part); !written) {
      // More than the head says: of a delta, that its base is not what it was made for.
      const bool beyond = written.error().code == ErrorCode::corrupt;
      return give_up(beyond && head_.delta ? ListWanted::full : ListWanted::again, written.error());
    }
  }
  return {};
}

void ListUpdate::Work::take_full_line(std::string_view line) {
  constexpr std::uint64_t head_lines = 2;
  EntryLine entry;
  if (const auto fault = parse_entry_line(line, entry)) return bad_.add(lines_ + head_lines, *fault);
  if (!keys_.next(entry.key))
    return bad_.add(lines_ + head_lines, "vrm", "behind that of the line before, or its PNC id is");
  if (bad_.count() == 0) static_cast<void>(put(line, entry));
}

void ListUpdate::Work::take_delta_line(std::string_view line) {
  constexpr std::uint64_t head_lines = 2;
  const std::uint64_t number = lines_ + head_lines;
  const bool adds = line.starts_with('+');
  if (!adds && !line.starts_with('-')) return bad_.add(number, "", "+ and an entry, or - and its key");
  const std::string_view rest = line.substr(1);
  EntryLine entry;
  if (const auto fault = adds ? parse_entry_line(rest, entry) : check_entry_key(rest)) {
    return bad_.add(number, *fault);
  }
  const std::string_view key = adds ? entry.key : rest;
  if (!keys_.next(key)) return bad_.add(number, "vrm", "behind that of the line before, or its PNC id is");
  if (bad_.count() != 0) return;
  const auto had = copy_base_to(key);
  if (!had) return;
  if (!adds && !*had) {
    misses_base_ = true;
    return bad_.add(number, "vrm", "of an entry that the base has");
  }
  if (adds) static_cast<void>(put(rest, entry));
}

Status ListUpdate::Work::next_base_line() {
  const auto line = base_->next();
  if (!line) return give_up(ListWanted::full, line.error());
  base_line_ = *line;
  if (!base_line_ || !parse_entry_line(*base_line_, base_entry_)) return {};
  return give_up(ListWanted::full, {ErrorCode::corrupt, "the VOI list that is held cannot be read"});
}

Result<bool> ListUpdate::Work::copy_base_to(std::optional<std::string_view> key) {
  while (base_line_ && (!key || base_entry_.key < *key)) {
    if (auto kept = put(*base_line_, base_entry_); !kept) return fail(kept.error());
    if (auto next = next_base_line(); !next) return fail(next.error());
  }
  if (!base_line_ || !key || base_entry_.key != *key) return false;
  if (auto next = next_base_line(); !next) return fail(next.error());
  return true;
}

Status ListUpdate::Work::check_lines() {
  if (bytes_ != head_.bytes() || lines_ != head_.lines() || splitter_.is_inside() ||
      digest_.finish() != head_.digest()) {
    return give_up(ListWanted::again,
                   {ErrorCode::corrupt,
                    fmt::format("the VOI list is damaged or not whole ({} bytes of {}): get it from the back "
                                "office anew",
                                bytes_, head_.bytes())});
  }
  if (bad_.count() == 0) return {};
  return give_up(misses_base_ ? ListWanted::full : ListWanted::nothing,
                 {ErrorCode::invalid_input,
                  fmt::format("revision {} of the VOI list has {} bad lines, and nothing of it is used:\n{}",
                              head_.facts.revision, bad_.count(), bad_.text())});
}

Result<std::shared_ptr<const WatchList>> ListUpdate::Work::finish() {
  if (failure_) return fail(*failure_);
  if (stage_ == Stage::held) return before_;
  if (stage_ == Stage::head) {
    return fail(give_up(ListWanted::again, {ErrorCode::corrupt,
                                            "the VOI list ends within its head: get it from the back office "
                                            "anew"})
                    .error());
  }
  if (auto good = check_lines(); !good) return fail(good.error());
  if (head_.delta) {
    if (auto rest = copy_base_to(std::nullopt); !rest) return fail(rest.error());
  }
  if (auto good = builder_->finish(); !good) {
    const bool other = good.error().code == ErrorCode::corrupt;
    return fail(give_up(other ? ListWanted::full : ListWanted::nothing, good.error()).error());
  }
  return put_in_force();
}

Result<std::shared_ptr<const WatchList>> ListUpdate::Work::put_in_force() {
  if (store_.current() != before_) {
    return fail(give_up(ListWanted::again,
                        {ErrorCode::refused, "another update of the VOI list came first: ask again"})
                    .error());
  }
  if (auto kept = writer_->commit(); !kept) return fail(give_up(ListWanted::again, kept.error()).error());
  auto reader = SealedReader::open(store_.file(), store_.options_.key);
  if (!reader) return fail(give_up(ListWanted::again, reader.error()).error());
  if (auto whole = reader->expect(head_.facts.bytes); !whole)
    return fail(give_up(ListWanted::again, whole.error()).error());
  auto list = std::make_shared<const WatchList>(std::unique_ptr<const WatchList::Content>(
      new WatchList::Content{head_.facts, builder_->take_index(), std::move(*reader)}));
  store_.put_in_force(list);
  return list;
}

ListUpdate::ListUpdate(std::unique_ptr<Work> work) : work_(std::move(work)) {}
ListUpdate::ListUpdate(ListUpdate&&) noexcept = default;
ListUpdate& ListUpdate::operator=(ListUpdate&&) noexcept = default;
ListUpdate::~ListUpdate() = default;

Status ListUpdate::append(ByteView part) {
  return work_->append(part);
}
Result<std::shared_ptr<const WatchList>> ListUpdate::finish() {
  return work_->finish();
}
ListWanted ListUpdate::wanted() const {
  return work_->wanted();
}

ListUpdate WatchListStore::begin_update() {
  return ListUpdate(std::make_unique<ListUpdate::Work>(*this));
}

}  // namespace wayside
