// What a store holds, and the way for tests to give it another file layer and other migrations.
//
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/device/clock/clock.hpp"
#include "wayside/device/config/store/configuration_store.hpp"

#include "src/device/config/store/store_folder.hpp"

namespace wayside::config {

struct StoreBody {
  StoreFolder folder;
  const Clock& clock;
  std::string boot_id;
  std::unique_ptr<StoreFiles::Held> editing{};  // the candidate's lock
  std::string who{};                            // has it
  std::optional<Reversion> untold{};            // made here, and tick() has not said so yet

  [[nodiscard]] std::int64_t now_ms() const { return clock.monotonic_now().ns / 1'000'000; }
  [[nodiscard]] bool has_expired(const StoreState::Waiting& waiting) const {
    return waiting.boot_id != boot_id || now_ms() >= waiting.deadline_ms;
  }
  // Lock held, waiting and expired.
  [[nodiscard]] Result<Reversion> revert(const StoreFolder::Seen& seen);
  // The candidate, changed by `change` and kept. Not without edit().
  [[nodiscard]] Status change_candidate(const std::function<Status(Draft&)>& change);
};

// What keeps it from being committed.
[[nodiscard]] std::vector<std::string> complaints_about_commit(const Draft& draft);
[[nodiscard]] std::string lines_of(const std::vector<std::string>& sentences);
// A text that a head takes: of one line, UTF-8.
[[nodiscard]] Status is_fit(std::string_view what, std::string_view text, std::size_t most);

[[nodiscard]] Result<ConfigurationStore> open_store(std::unique_ptr<StoreFiles> files, const Clock& clock,
                                                    std::string boot_id, std::span<const Migration> steps);

}  // namespace wayside::config
