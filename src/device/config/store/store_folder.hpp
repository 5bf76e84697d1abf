// What lies in a store's folder, read as a whole and written in the order that a power cut cannot break: a
// version first, then the state that names it, then what nobody needs any more.
//
// Threads: one. Whoever calls what changes something holds the lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wayside/device/config/store/store_files.hpp"

#include "src/device/config/draft.hpp"
#include "src/device/config/store/store_state.hpp"
#include "src/device/config/store/version_file.hpp"

namespace wayside::config {

struct StoredVersion {
  VersionFile file;
  Draft draft;
};

struct Candidate {
  Draft draft;
  std::uint32_t after = 0;  // which version ran when it was begun
  bool edited = false;      // false: it is what runs
  std::string trouble;      // why what lies there is not taken for it; empty: none
};

class StoreFolder {
 public:
  StoreFolder(std::unique_ptr<StoreFiles> files, std::span<const Migration> steps)
      : files_(std::move(files)), steps_(steps) {}

  struct Seen {
    StoreState state;
    std::string trouble;  // why the state is made out from the versions; empty: it was read
  };
  // Where the state cannot be read: the newest version that can and that needed no confirmation, or what ran
  // before it.
  [[nodiscard]] Result<Seen> see() const;
  // The one that runs; where it cannot be read the newest earlier one that can. 0: none.
  [[nodiscard]] Result<std::uint32_t> running(const StoreState& state) const;
  // That version; of 0 an empty draft.
  [[nodiscard]] Result<StoredVersion> version(std::uint32_t number) const;
  [[nodiscard]] Result<VersionFile> head(std::uint32_t number) const;
  // Those that were ever told of, ascending.
  [[nodiscard]] Result<std::vector<std::uint32_t>> numbers(const StoreState& state) const;
  [[nodiscard]] Result<Candidate> candidate(const StoreState& state) const;

  [[nodiscard]] Status write_state(const Seen& before, const StoreState& state);
  // The version and then the state, which names it; neither where one of them fails.
  [[nodiscard]] Status write_version(const Seen& before, const VersionFile& version, const StoreState& state);
  // In the version itself: the state may be lost.
  [[nodiscard]] Status mark_confirmed(std::uint32_t number);
  // What is the same as what runs is no candidate, and its file goes.
  [[nodiscard]] Status write_candidate(const Candidate& before, const VersionFile& file, bool is_running);
  void drop_candidate();
  // All but what runs, may run again, and the `keep` newest beside it.
  void prune(const StoreState& state, std::size_t keep);

  [[nodiscard]] StoreFiles& files() { return *files_; }
  [[nodiscard]] const StoreFiles& files() const { return *files_; }
  [[nodiscard]] unsigned format() const { return format_after(steps_); }
  [[nodiscard]] std::span<const Migration> steps() const { return steps_; }

 private:
  [[nodiscard]] Result<std::vector<std::uint32_t>> all_numbers() const;
  [[nodiscard]] Seen made_out(const std::vector<std::uint32_t>& numbers, std::string why) const;
  [[nodiscard]] Status set_aside(const std::string& name);
  void remove_beyond(std::uint32_t last);

  std::unique_ptr<StoreFiles> files_;
  std::span<const Migration> steps_;
};

[[nodiscard]] std::string version_name(std::uint32_t number);  // "history/000017.toml"

}  // namespace wayside::config
