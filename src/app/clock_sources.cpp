#include "src/app/clock_sources.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "wayside/base/version.hpp"
#include "wayside/device/clock/boot_id.hpp"

#include "drivers/time_sources/chronyc.hpp"
#include "drivers/time_sources/gpsd_client.hpp"

namespace wayside::app {

namespace {

using time_sources::GpsdClient;

// Connected when it is asked, and anew after it has gone.
class Receiver {
 public:
  explicit Receiver(std::uint16_t port) : port_(port) {}

  Result<std::optional<GnssReport>> next(std::chrono::milliseconds limit) {
    if (!client_) {
      Result<GpsdClient> connected = GpsdClient::connect(port_);
      if (!connected) return fail(connected.error());
      client_.emplace(std::move(*connected));
    }
    auto report = client_->next(limit);
    if (!report) client_.reset();
    return report;
  }

 private:
  std::uint16_t port_;
  std::optional<GpsdClient> client_;
};

}  // namespace

Result<UtcTime> firmware_made_at() {
  Result<UtcTime> made = utc_from_iso8601(fmt::format("{}T00:00:00Z", made_on()));
  if (!made) return fail(made.error().context("WAYSIDE_MADE_ON"));
  return made;
}

Result<TimekeepingOptions> timekeeping_options(const Configuration& configuration, std::string device_id,
                                               const Clock& clock) {
  Result<std::string> boot_id = read_boot_id();
  if (!boot_id) return fail(boot_id.error());
  const Result<UtcTime> made = firmware_made_at();
  if (!made) return fail(made.error());
  TimekeepingOptions options;
  options.device_id = std::move(device_id);
  options.keeper.boot_id = std::move(*boot_id);
  options.keeper.not_before = *made;
  if (configuration.clock.source == "chrony") {
    options.ask = [chronyc = configuration.clock.chronyc] { return time_sources::ask_chrony(chronyc); };
  } else if (configuration.clock.source == "kernel") {
    options.ask = by_kernel(clock);
    options.age_known = false;
  }
  if (configuration.clock.gpsd_port == 0) return options;
  options.site = {configuration.site.latitude.value_or(0), configuration.site.longitude.value_or(0)};
  const auto port = static_cast<std::uint16_t>(configuration.clock.gpsd_port);
  options.gnss = [receiver = std::make_shared<Receiver>(port)](std::chrono::milliseconds limit) {
    return receiver->next(limit);
  };
  return options;
}

}  // namespace wayside::app
