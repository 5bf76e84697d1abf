// A VOI list in force, and the place where it is kept: sealed on flash, its VRMs in memory, nothing in clear
// anywhere else. A hit's entry is read from the sealed file when somebody asks for it.
//
// Threads: a WatchList any; a store's current() any, everything else of it and an update one. Ownership: the
// store holds the key that seals; a WatchList goes on when the store has replaced it. Memory: about 18 bytes
// an entry, and twice that while an update is under way. Failure: no message repeats anything of an entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/device/watchlist/list_head.hpp"
#include "wayside/device/watchlist/watch_entry.hpp"
#include "wayside/device/watchlist/watched_read.hpp"

namespace wayside {

struct ListLimits {
  std::uint64_t entries = 1'000'000;
  std::uint64_t bytes = std::uint64_t{512} << 20U;  // of all lines; below 2^32
  // With wild cards, or longer than 12 characters: each is looked at for each read.
  std::uint64_t patterns = 10'000;
  // What stays free where it is kept, for all else that the camera has to write there.
  std::uint64_t bytes_left = std::uint64_t{8} << 20U;
};

class WatchList {
 public:
  class Content;
  explicit WatchList(std::unique_ptr<const Content> content);
  WatchList(const WatchList&) = delete;
  WatchList& operator=(const WatchList&) = delete;
  ~WatchList();

  [[nodiscard]] const ListFacts& facts() const;
  [[nodiscard]] WatchAnswer match(const WatchedRead& read, const TimeBounds& taken,
                                  const WatchMatching& how = {}) const;
  // place: of a hit. The caller wipes it. corrupt: the file was damaged since the list was opened.
  [[nodiscard]] Result<WatchEntry> entry(std::uint32_t place) const;
  [[nodiscard]] std::size_t memory_bytes() const;                     // that grow with the list
  [[nodiscard]] const Content& content() const { return *content_; }  // for updates

 private:
  std::unique_ptr<const Content> content_;
};

// What to ask the office for after an update was refused.
enum class ListWanted {
  nothing,  // the list that is held is the newest known, or asking again would bring the same
  full,     // the delta does not lead on from what is held
  again,    // it came damaged or not whole
};
[[nodiscard]] std::string_view to_string(ListWanted wanted);

// A document on its way in, full list or delta: checked as it comes, and not in force before every byte of it
// is there, is what the office signed, and lies sealed on flash. Let go before, it was never there.
class ListUpdate {
 public:
  class Work;
  explicit ListUpdate(std::unique_ptr<Work> work);
  ListUpdate(ListUpdate&&) noexcept;
  ListUpdate& operator=(ListUpdate&&) noexcept;
  ~ListUpdate();

  // After a failure every call fails alike. Of bad lines is told at the end, of all together.
  [[nodiscard]] Status append(ByteView part);
  // refused: by its signature, its revision, its base, or its size; invalid_input: bad lines (bad_lines.hpp);
  // corrupt: not what the head says; io, exhausted: it could not be kept, or there is no room beside the one
  // that is held, which the head already tells. A list that is held already is given again.
  [[nodiscard]] Result<std::shared_ptr<const WatchList>> finish();
  [[nodiscard]] ListWanted wanted() const;  // after a failure

 private:
  std::unique_ptr<Work> work_;
};

class WatchListStore {
 public:
  struct Options {
    std::filesystem::path folder;       // of this list alone; made where it is not there
    std::string list;                   // its id
    Secret key;                         // seals the file; the caller's to keep
    std::vector<VerifyingKey> issuers;  // any of them may sign
    ListLimits limits;
  };
  // Takes away what a power cut left behind. A list that is there and cannot be used is a problem(), and no
  // failure: the camera goes on without it and asks for the full one.
  [[nodiscard]] static Result<std::unique_ptr<WatchListStore>> open(Options options);

  [[nodiscard]] std::shared_ptr<const WatchList> current() const;  // nullptr: none
  [[nodiscard]] const std::string& problem() const { return problem_; }
  // The store outlives it. What another update brought meanwhile is what a delta must lead on from.
  [[nodiscard]] ListUpdate begin_update();
  // Takes the list away, from memory and flash.
  [[nodiscard]] Status remove();

 private:
  friend class ListUpdate;
  friend class ListUpdate::Work;
  explicit WatchListStore(Options options) : options_(std::move(options)) {}
  [[nodiscard]] std::filesystem::path file() const;
  void put_in_force(std::shared_ptr<const WatchList> list);

  Options options_;
  std::string problem_;
  mutable std::mutex mutex_;  // of current_
  std::shared_ptr<const WatchList> current_;
};

}  // namespace wayside
