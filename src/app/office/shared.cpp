#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "wayside/backoffice/endings.hpp"
#include "wayside/backoffice/revocation.hpp"
#include "wayside/base/files.hpp"

#include "src/app/office/commands.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::app::office {

namespace fs = std::filesystem;
using backoffice::Authority;
using backoffice::Store;

std::string count_of(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

Result<Office> open_office(const fs::path& folder) {
  auto authority = Authority::open(folder);
  if (!authority) return fail(authority.error());
  auto store = Store::open_existing(authority->database());
  if (!store) return fail(store.error());
  return Office{std::move(*authority), std::move(*store)};
}

Status check_enrolled(Store& store, const std::vector<std::string>& devices) {
  for (const std::string& device : devices) {
    if (!pem::is_device_id(device)) {
      return fail(ErrorCode::invalid_input,
                  "a device id must be 16 lower case hex digits, as in device.crt's name");
    }
    const auto keys = store.device_keys(device);
    if (!keys) return fail(keys.error());
    if (!keys->empty()) continue;
    return fail(ErrorCode::not_found,
                fmt::format("no camera {} is enrolled here: look at its device id, or run {} enrol", device,
                            program));
  }
  return {};
}

Status check_let_in(const Office& office, const std::vector<std::string>& devices) {
  if (const auto enrolled = check_enrolled(*office.store, devices); !enrolled) return enrolled;
  const auto revoked = backoffice::RevokedCameras(office.authority.revoked()).all();
  if (!revoked) return fail(revoked.error());
  for (const std::string& device : devices) {
    if (!revoked->contains(device)) continue;
    return fail(ErrorCode::refused,
                fmt::format("{} is revoked, and nothing reaches it: run {} enrol, which lets it in again",
                            device, program));
  }
  return {};
}

bool tell_endings(const Authority& authority) {
  bool due = false;
  for (const backoffice::Ending& ending : backoffice::office_endings(authority, utc_now())) {
    fmt::print("{}\n", ending.sentence);
    due = due || ending.due;
  }
  return due;
}

Result<UtcTime> time_from(const std::string& text, std::string_view option) {
  constexpr std::size_t of_date = std::string_view("2026-11-22").size();
  constexpr std::size_t of_minute = std::string_view("2026-11-22T17:35Z").size();
  std::string whole = text;
  if (text.size() == of_date) whole += "T00:00:00Z";
  if (text.size() == of_minute && whole.back() == 'Z') whole.replace(of_minute - 1, 1, ":00Z");
  const auto time = utc_from_iso8601(whole);
  if (time) return *time;
  return fail(ErrorCode::invalid_input,
              fmt::format("{} must be a UTC date or time, as in 2026-11-22 or 2026-11-22T17:35:40Z", option));
}

Result<Validity> validity_from(const Arguments& arguments, std::chrono::milliseconds lifetime) {
  UtcTime from = utc_now();
  if (!arguments.valid_from.empty()) {
    const auto time = time_from(arguments.valid_from, "--valid-from");
    if (!time) return fail(time.error());
    from = *time;
  }
  UtcTime until = from + lifetime;
  if (!arguments.valid_until.empty()) {
    const auto time = time_from(arguments.valid_until, "--valid-until");
    if (!time) return fail(time.error());
    until = *time;
  }
  if (until <= utc_now())
    return fail(ErrorCode::invalid_input, "--valid-until is in the past: nobody would ever take it");
  return Validity{from, until};
}

Status check_output(const fs::path& file, const fs::path& office) {
  if (!overlap(file, office)) return check_replaceable(file);
  return fail(ErrorCode::invalid_input,
              fmt::format("{} lies inside of the back office's own folder: give a place outside of it",
                          file.string()));
}

Status left_out(std::size_t damaged, const fs::path& office) {
  if (damaged == 0) return {};
  return fail(
      ErrorCode::corrupt,
      fmt::format("{} left out, being no longer what the camera signed: {} check {} names what is damaged",
                  count_of(damaged, "record"), program, office.string()));
}

}  // namespace wayside::app::office
