#include "src/app/stored_configuration.hpp"

#include <utility>

#include "wayside/base/log.hpp"
#include "wayside/device/clock/boot_id.hpp"

#include "src/app/taken_back.hpp"

namespace wayside::app {

StoredConfiguration::StoredConfiguration(std::filesystem::path folder)
    : folder_(std::move(folder)), clock_(make_system_clock()) {
  const std::filesystem::path place = std::filesystem::absolute(folder_ / ".").lexically_normal();
  without_.identity.directory = place.parent_path().parent_path() / "identity";
  without_.queue.directory = place.parent_path().parent_path() / "queue";
}

Status StoredConfiguration::open() {
  if (store_) return {};
  Result<std::string> boot_id = read_boot_id();
  if (!boot_id) return fail(boot_id.error());
  Result<ConfigurationStore> store = ConfigurationStore::open(folder_, *clock_, std::move(*boot_id));
  if (!store) return fail(store.error().context("the configuration store"));
  store_.emplace(std::move(*store));
  return {};
}

Result<StoredConfiguration::Found> StoredConfiguration::look() {
  if (const Status opened = open(); !opened) return fail(opened.error());
  const auto reversion = store_->tick();
  if (!reversion) return fail(reversion.error());
  if (*reversion) {
    log::warning(
        "configuration_taken_back",
        {{"reason", "nobody confirmed it in time"}, {"from", (*reversion)->from}, {"to", (*reversion)->to}});
    AuditTrail::Options trail;
    trail.folder = without_.identity.directory.parent_path() / "audit";
    trail.boot_id = read_boot_id().value_or("");
    if (const Status recorded = record_taken_back(**reversion, std::move(trail), *clock_); !recorded)
      log::error("taken_back_not_on_record", {{"reason", recorded.error()}});
  }
  const Result<std::uint32_t> version = store_->running_version();
  if (!version) return fail(version.error());
  if (last_ && last_->version == *version) return *last_;
  Result<Configuration> configuration = store_->running();
  if (!configuration) return fail(configuration.error());
  last_ = Found{*version, std::move(*configuration)};
  last_->configuration.identity.directory = without_.identity.directory;
  last_->configuration.queue.directory = without_.queue.directory;
  return *last_;
}

std::string StoredConfiguration::problem() const {
  std::string out;
  if (!store_) return out;
  for (const std::string& sentence : store_->problems())
    out += (out.empty() ? "" : "; ") + sentence;
  return out;
}

}  // namespace wayside::app
