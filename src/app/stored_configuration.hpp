// The configuration store as the daemon sees it: which version should run now.
//
// Threads: the main thread. Failure: what is wrong with the store or its version, as a sentence; the daemon
// waits then, for it is mended at the console. A store that cannot be opened is tried again at each look.
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
  explicit StoredConfiguration(std::filesystem::path folder);

  struct Found {
    std::uint32_t version = 0;  // 0: none, or it cannot be told which
    Configuration configuration;
  };
  // Takes a commit back that nobody confirmed in time, which goes on the audit trail beside the store.
  // not_found: the camera has no configuration yet.
  [[nodiscard]] Result<Found> look();
  // What a camera goes by while there is none: the defaults. Identity and queue are beside the store,
  // whatever it says.
  [[nodiscard]] const Configuration& without() const { return without_; }
  // What is wrong with the store though the camera runs; empty: nothing.
  [[nodiscard]] std::string problem() const;

 private:
  [[nodiscard]] Status open();

  const std::filesystem::path folder_;
  const std::unique_ptr<Clock> clock_;
  std::optional<ConfigurationStore> store_;
  Configuration without_;
  std::optional<Found> last_;  // a version never changes
};

}  // namespace wayside::app
