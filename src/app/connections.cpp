#include "src/app/connections.hpp"

#include <chrono>
#include <functional>
#include <memory>

#include <fmt/format.h>

#include "wayside/base/service_url.hpp"
#include "wayside/delivery/upload/bof2_back_office.hpp"
#include "wayside/device/identity/identity.hpp"

namespace wayside::app {

namespace {

// Fails while the camera has no certificate, and where the folder has become another device's.
Result<Identity> own_identity(const Configuration& configuration, const std::string& device_id) {
  Result<Identity> identity = load_identity(configuration.identity.directory);
  if (!identity || identity->device_id == device_id) return identity;
  return fail(ErrorCode::invalid_input, fmt::format("{} holds another device's identity than at the start; "
                                                    "restart waysided to take it over",
                                                    configuration.identity.directory.string()));
}

// HttpsOptions or MqttOptions.
template <class Options>
Options options_with(const Identity& identity, const Configuration& configuration) {
  Options options;
  options.ca_certificate = identity.back_office_ca;
  options.certificate = identity.certificate;
  options.private_key = identity.private_key;
  options.time_limit = std::chrono::seconds(configuration.upload.time_limit_s);
  return options;
}

HttpsOptions unlock_options(const Identity& identity, const Configuration& configuration) {
  auto options = options_with<HttpsOptions>(identity, configuration);
  options.url = configuration.upload.unlock_url;
  options.where_to_look =
      "upload.unlock_url, and that back-office-ca.crt came from the office that enrolled the camera";
  return options;
}

Bof2Options bof2_options(const Identity& identity, const Configuration& configuration) {
  const Configuration::Upload& upload = configuration.upload;
  Bof2Options options;
  options.service = options_with<HttpsOptions>(identity, configuration);
  options.service.url = upload.url;
  options.service.where_to_look = "upload.url and upload.ca_certificate";
  if (!upload.ca_certificate.empty()) options.service.ca_certificate = upload.ca_certificate;
  if (!upload.certificate.empty()) {
    options.service.certificate = upload.certificate;
    options.service.private_key = upload.private_key;
  }
  options.path = upload.path;
  options.office = unlock_options(identity, configuration);
  options.username = upload.username;
  options.signature_file = upload.signature_file;
  return options;
}

// Empty where the profile has no office to ask over HTTPS.
template <class Office>
std::function<Result<std::unique_ptr<Office>>()> connect_by(
    const Configuration& configuration, const std::string& device_id,
    Result<std::unique_ptr<Office>> (*make)(const HttpsOptions&, const std::string&)) {
  const Configuration::Upload& upload = configuration.upload;
  const bool bof2 = upload.profile == "bof2";
  if (upload.url.empty() || (!bof2 && upload.profile != "wayside")) return {};
  return [configuration, device_id, bof2, make]() -> Result<std::unique_ptr<Office>> {
    const Result<Identity> identity = own_identity(configuration, device_id);
    if (!identity) return fail(identity.error());
    if (bof2) return make(unlock_options(*identity, configuration), device_id);
    auto options = options_with<HttpsOptions>(*identity, configuration);
    options.url = configuration.upload.url;
    return make(options, device_id);
  };
}

}  // namespace

Uplink::Connect connect_to(const Configuration& configuration, const std::string& device_id,
                           const UnlockKeys& unlock_keys) {
  return [configuration, device_id, &unlock_keys]() -> Result<std::unique_ptr<BackOffice>> {
    const Result<Identity> identity = own_identity(configuration, device_id);
    if (!identity) return fail(identity.error());
    if (configuration.upload.profile == "bof2")
      return make_bof2_back_office(bof2_options(*identity, configuration), unlock_keys);
    if (configuration.upload.profile == "wayside") {
      auto options = options_with<HttpsOptions>(*identity, configuration);
      options.url = configuration.upload.url;
      return make_https_back_office(options);
    }
    const auto broker = service_url_from(configuration.upload.url);
    if (!broker)
      return fail(ErrorCode::invalid_input, "upload.url is no address: run waysided --check-config");
    auto options = options_with<MqttOptions>(*identity, configuration);
    options.host = broker->host;
    if (broker->port_or_0 != 0) options.port = broker->port_or_0;
    options.device_id = device_id;
    options.protocol = configuration.upload.profile == "mqtt" ? MqttOptions::Protocol::mqtt_5
                                                              : MqttOptions::Protocol::mqtt_3_1_1;
    return make_mqtt_back_office(options);
  };
}

WatchListKeeper::Connect connect_to_lists(const Configuration& configuration, const std::string& device_id) {
  return connect_by<ListOffice>(configuration, device_id, make_list_office);
}

UpdateKeeper::Connect connect_to_updates(const Configuration& configuration, const std::string& device_id) {
  return connect_by<UpdateOffice>(configuration, device_id, make_update_office);
}

UnlockKeeper::Connect connect_to_unlock(const Configuration& configuration, const std::string& device_id) {
  return [configuration, device_id]() -> Result<std::unique_ptr<UnlockService>> {
    const Result<Identity> identity = own_identity(configuration, device_id);
    if (!identity) return fail(identity.error());
    return make_unlock_service(unlock_options(*identity, configuration), device_id);
  };
}

}  // namespace wayside::app
