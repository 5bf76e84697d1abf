// The camera's configuration with its past: a candidate that is edited, the version that runs, up to 20
// earlier ones. A folder that console and daemon open alike.
//
//   state                what runs, and the commit that waits for its confirmation: the only pointer
//   history/000017.toml  a version: TOML that waysided --config takes too, with who, when and why above it
//   candidate.toml       what is being edited, where it differs from what runs
//   lock, candidate.lock held while something is written, and while somebody edits
//
// Every file is replaced whole (wayside/base/files.hpp), a version before the state that names it: after a
// power cut at any point there is the old state or the new one. What cannot be read is never written over; a
// version goes when 20 newer ones are there. Nothing secret is in a configuration: keys and signatures are
// files that it names. Where console and daemon are two users, the folder is of a group of both and has its
// setgid bit.
//
// Formats: a version says which format it is of. One of an older format is migrated while it is read, and the
// file stays as it is, so that a firmware that is put back still reads it. A version of a newer format is
// refused by name; where the one that should run cannot be read, the newest earlier one that can runs instead
// and problems() says so.
//
// Threads: one at a time. Processes: any number; each call looks at the folder anew. One edits at a time.
// Failure: a sentence for the person at the console. refused: somebody else edits, or what was asked for
// is not so; invalid_input: a value or text is wrong; corrupt: a file; exhausted: the disk is full;
// unavailable: another process is writing, try again.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/config/configuration.hpp"
#include "wayside/device/config/schema.hpp"
#include "wayside/device/config/store/store_files.hpp"

namespace wayside {

namespace config {
struct StoreBody;
}

// One key that was given a value.
struct ConfigurationSetting {
  std::string path;   // "site.name", "lane.1.polygon"
  std::string value;  // as TOML, controls escaped
};

struct ConfigurationVersion {
  std::uint32_t number = 0;  // 1, 2, 3 ...: never given twice
  std::string who;           // as committed; empty where the file cannot be read
  UtcTime at;
  std::string comment;
  std::optional<std::chrono::seconds> confirm_within;  // it waits for its confirmation, or had none
  bool runs = false;
  bool taken_back = false;  // nobody confirmed it
  std::string unreadable;  // why; empty: it can be read
};

struct WaitingCommit {
  std::uint32_t version = 0;       // runs, and is taken back unless confirmed
  std::uint32_t goes_back_to = 0;  // 0: to having none
  std::chrono::milliseconds left{};
};

struct CommitRequest {
  std::string who;
  std::string comment;
  // Taken back by itself unless confirm() comes within: 1 minute to 24 hours. A start of the machine before
  // that takes it back too.
  std::optional<std::chrono::seconds> confirm_within;
};

struct CommitOutcome {
  std::uint32_t version = 0;  // which runs now
  std::vector<ConfigurationChange> changes;
  // An earlier commit that waited and counts as confirmed by this one. version is the same where nothing else
  // was to be committed.
  std::optional<std::uint32_t> confirmed;
};

struct Reversion {
  std::uint32_t from = 0;
  std::uint32_t to = 0;  // 0: none runs
  std::vector<ConfigurationChange> changes;
};

class ConfigurationStore {
 public:
  static constexpr std::size_t earlier_versions = 20;

  // Makes the folder where it is not there. boot_id as read_boot_id() gives it. A confirmed commit of an
  // earlier start of the machine is taken back here. The clock outlives the store.
  [[nodiscard]] static Result<ConfigurationStore> open(const std::filesystem::path& folder,
                                                       const Clock& clock, std::string boot_id);
  // The same over another file layer.
  [[nodiscard]] static Result<ConfigurationStore> open(std::unique_ptr<StoreFiles> files, const Clock& clock,
                                                       std::string boot_id);
  ConfigurationStore(ConfigurationStore&&) noexcept;
  ConfigurationStore& operator=(ConfigurationStore&&) noexcept;
  ~ConfigurationStore();  // leaves the candidate to others; it stays as it was edited

  // --- what runs -------------------------------------------------------------------------------------------
  [[nodiscard]] Result<std::uint32_t> running_version() const;  // 0: none yet, the camera is fresh
  // not_found where none runs yet.
  [[nodiscard]] Result<Configuration> running() const;
  [[nodiscard]] Result<std::vector<ConfigurationSetting>> running_settings() const;
  // The one that runs first, then the others, newest first: an index here is the n of rollback(n).
  [[nodiscard]] Result<std::vector<ConfigurationVersion>> versions() const;
  [[nodiscard]] Result<std::optional<WaitingCommit>> waiting() const;
  // What is wrong with the folder though the camera runs, a sentence each: an unreadable version or state.
  [[nodiscard]] std::vector<std::string> problems() const;

  // --- the candidate: one editor at a time -----------------------------------------------------------------
  // refused, with the other's name, while somebody else edits. The candidate is kept when the editor goes or
  // dies, and the next one finds it. who: "alice on ttyS0".
  [[nodiscard]] Status edit(std::string_view who);
  void leave();
  [[nodiscard]] bool edits() const;
  // Who edits, if anybody does.
  [[nodiscard]] Result<std::optional<std::string>> editor() const;

  // Words as typed, quotes taken away: {"site", "name", "A14 J31"} or {"site.name", "A14 J31"};
  // {"lane", "1", "polygon", "0,0", "0.5,0", "0.5,1"}. Kept on the disk before it returns.
  [[nodiscard]] Status set(std::span<const std::string> words);
  // A key, back to its default; {"lane", "1"}; a whole section, {"upload"}.
  [[nodiscard]] Status unset(std::span<const std::string> words);
  // Instead of all that is in the candidate. All that is wrong is told, one a line, and nothing is taken
  // then. Relative paths are refused. Values that do not go together are for check().
  [[nodiscard]] Status load(std::string_view toml);
  // What the n-th other version says (versions()), into the candidate; 0: what runs, which undoes all
  // editing.
  [[nodiscard]] Status rollback(std::size_t n);

  [[nodiscard]] Result<std::vector<ConfigurationSetting>> candidate_settings() const;
  // TOML that load() takes: the candidate; of a version of this number.
  [[nodiscard]] Result<std::string> save() const;
  [[nodiscard]] Result<std::string> save(std::uint32_t version) const;
  // From what runs to the candidate.
  [[nodiscard]] Result<std::vector<ConfigurationChange>> compare() const;
  // Everything that keeps the candidate from being committed, a sentence each: keys that are missing, values
  // that do not go together.
  [[nodiscard]] Result<std::vector<std::string>> check() const;

  // --- commit ----------------------------------------------------------------------------------------------
  // The candidate becomes the version that runs; whoever runs it is to be told (waysided: reload). A commit
  // that waited for its confirmation is confirmed by a plain one; a confirmed one goes back to where that one
  // would have gone. One whose time had run out is taken back first, and the new commit is refused, for it
  // was compared with what no longer runs. Refused as well: nothing to commit.
  [[nodiscard]] Result<CommitOutcome> commit(const CommitRequest& request);
  // The version that was confirmed. refused where none waits or its time has run out.
  [[nodiscard]] Result<std::uint32_t> confirm();
  // Takes a confirmed commit back whose time has run out. To be called often by whoever has the store open:
  // the daemon does it, and a console does where the daemon is dead. Of what this store took back, here or in
  // open(), commit() or confirm(), it tells once: whoever calls it puts that on record.
  [[nodiscard]] Result<std::optional<Reversion>> tick();

  explicit ConfigurationStore(std::unique_ptr<config::StoreBody> body);  // for open() and tests

 private:
  std::unique_ptr<config::StoreBody> body_;
};

}  // namespace wayside
