// The configuration store as the daemon sees it: which version should run now.
//
// Threads: the main thread. Failure: what is wrong with the store or its version, as a sentence; the daemon
// waits then, for it is mended at the console.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/config/store/configuration_store.hpp"

namespace wayside::app {

class StoredConfiguration {
 public:
  [[nodiscard]] static Result<StoredConfiguration> open(const std::filesystem::path& folder);

  struct Found {
    std::uint32_t version = 0;  // 0: none, or it cannot be told which
    Configuration configuration;
  };
  // Takes a commit back that nobody confirmed in time. not_found: the camera has no configuration yet.
  [[nodiscard]] Result<Found> look();
  // What a camera goes by while there is none: the defaults, and an identity beside the store.
  [[nodiscard]] const Configuration& without() const { return without_; }
  // What is wrong with the store though the camera runs; empty: nothing.
  [[nodiscard]] std::string problem() const;

 private:
  StoredConfiguration(std::unique_ptr<Clock> clock, ConfigurationStore store,
                      const std::filesystem::path& folder)
      : clock_(std::move(clock)), store_(std::move(store)) {
    const std::filesystem::path place = std::filesystem::absolute(folder / ".").lexically_normal();
    without_.identity.directory = place.parent_path().parent_path() / "identity";
  }

  std::unique_ptr<Clock> clock_;
  ConfigurationStore store_;
  Configuration without_;
  std::optional<Found> last_;  // a version never changes
};

}  // namespace wayside::app
