// What waysided and wayside-update leave for each other.
#include "wayside/device/update/rauc.hpp"
#include "wayside/device/update/update_folder.hpp"
#include "wayside/device/update/update_version.hpp"

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const std::string_view text = text_of(data, size);
  if (const auto install = install_request_from(text)) {
    require(update_version_from(install->version).has_value(), "a request names a version");
    require(install_request_from(encode(*install)) == *install, "a request is written as it was read");
  } else {
    require_good(install.error());
  }
  if (const auto confirm = confirm_request_from(text)) {
    require(confirm_request_from(encode(*confirm)) == *confirm, "a word on a trial, too");
  } else {
    require_good(confirm.error());
  }
  if (const auto begun = begun_installation_from(text)) {
    require(begun_installation_from(encode(*begun)) == *begun, "and an installation that was begun");
  } else {
    require_good(begun.error());
  }
  if (const auto status = update_status_from(text)) {
    require(is_plain_text(status->reason), "a reason can be shown");
    require(status->percent <= 100, "percent are percent");
    require(update_status_from(encode(*status)) == *status, "and so is a status");
  } else {
    require_good(status.error());
  }
  // What RAUC prints of a bundle's manifest.
  if (const auto info = bundle_info_from(text); !info) require_good(info.error());
  if (const auto version = update_version_from(text))
    require(to_string(*version) == text, "a version has one spelling");
  // Whatever a program said on its way out.
  UpdateStatus status;
  status.reason = std::string(text);
  require(update_status_from(encode(status)).has_value(), "a reason from anywhere can be kept");
  return 0;
}
