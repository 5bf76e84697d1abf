// What a WatchList is made of, and how it comes about: line by line, in the order of the list.
//
// Threads: a builder one; content any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sodium.h>

#include "wayside/device/watchlist/bad_lines.hpp"
#include "wayside/device/watchlist/watch_list.hpp"

#include "src/device/watchlist/match_index.hpp"
#include "src/device/watchlist/sealed_file.hpp"

namespace wayside {

class WatchList::Content {
 public:
  ListFacts facts;
  watchlist::MatchIndex index;
  watchlist::SealedReader lines;
};

namespace watchlist {

class LineDigest {
 public:
  LineDigest() { crypto_generichash_init(&state_, nullptr, 0, ListDigest{}.size()); }
  void add(std::string_view bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  [[nodiscard]] ListDigest finish() {
    ListDigest digest{};
    crypto_generichash_final(&state_, digest.data(), digest.size());
    return digest;
  }

 private:
  crypto_generichash_state state_{};
};

// Keys of lines that must rise.
class RisingKeys {
 public:
  // False: it is not behind the one before.
  [[nodiscard]] bool next(std::string_view key) {
    const bool rises = !any_ || key > text_of(last_);
    any_ = true;
    last_.assign(key.begin(), key.end());
    return rises;
  }

 private:
  bool any_ = false;
  WipedBytes last_;
};

// Refuses what is too large before the first line of it is read.
[[nodiscard]] Status check_size(const ListFacts& facts, const ListLimits& limits);

// Index and digest of a list from its lines.
class ListBuilder {
 public:
  ListBuilder(const ListFacts& facts, const ListLimits& limits) : facts_(facts), limits_(limits) {
    index_.reserve(facts.entries);
  }
  // In their order.
  void add(std::string_view line, const EntryLine& entry);
  // corrupt: it is not what the head says; refused: too many patterns. Once.
  [[nodiscard]] Status finish();
  [[nodiscard]] MatchIndex take_index() { return std::move(index_); }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  const ListFacts& facts_;
  const ListLimits& limits_;
  MatchIndex index_;
  LineDigest digest_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

// The lines of a sealed list, one after the other.
class SealedLines {
 public:
  explicit SealedLines(const SealedReader& file, std::uint64_t from = 0);
  // Nothing at the end. Good until the next call.
  [[nodiscard]] Result<std::optional<std::string_view>> next();

 private:
  const SealedReader& file_;
  std::uint64_t chunk_;
  std::size_t at_;
  WipedBytes bytes_;
};

// The sealed list of this file, all of it checked.
[[nodiscard]] Result<std::shared_ptr<const WatchList>> load_list(const std::filesystem::path& file,
                                                                 const WatchListStore::Options& options);

}  // namespace watchlist
}  // namespace wayside
