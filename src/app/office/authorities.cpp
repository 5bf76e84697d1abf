#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/revocation.hpp"

#include "src/app/office/commands.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::app::office {

using backoffice::Authority;
using backoffice::IssuedAuthorities;
using Kind = AuthorityDocument::Kind;

namespace {

constexpr std::chrono::milliseconds a_year = std::chrono::days(365);

std::string line_of(const IssuedAuthorities::Issued& issued) {
  if (!issued.document) return fmt::format("{:>6}  damaged: restore it from a backup", issued.number);
  const AuthorityDocument& document = *issued.document;
  const std::string devices = fmt::format("{}", fmt::join(document.devices, " "));
  if (document.kind == Kind::revocation) {
    return fmt::format("{:>6}  revocation  {}  {}: {}", document.number, to_iso8601(document.issued), devices,
                       document.reason);
  }
  return fmt::format("{:>6}  authority   {}  {}: from {} until {}, review by {}; {}; {}; {}; {}",
                     document.number, to_iso8601(document.issued), devices, to_iso8601(document.valid_from),
                     to_iso8601(document.valid_until), to_iso8601(document.review), document.site,
                     document.purpose, document.organisation, document.contact) +
         (document.clear_occupants ? "; occupants may be clear in overviews" : "");
}

Status issue(const Arguments& arguments, AuthorityDocument draft) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  draft.devices = arguments.devices;
  std::sort(draft.devices.begin(), draft.devices.end());
  draft.devices.erase(std::unique(draft.devices.begin(), draft.devices.end()), draft.devices.end());
  IssuedAuthorities issued(authority->deployment());
  const auto done = issued.issue(std::move(draft), utc_now());
  if (!done) return fail(done.error());
  fmt::print("{}\n", line_of({done->number, *done, {}}));
  fmt::print("Cameras get it with the answer to their next heartbeat, or as a file: {}\n",
             issued.file_of(done->number).string());
  const backoffice::RevokedCameras revoked(authority->revoked());
  for (const std::string& device : done->devices) {
    if (revoked.contains(device).value_or(false))
      fmt::print("{} is revoked: it gets nothing before it is enrolled again\n", device);
  }
  return {};
}

}  // namespace

Status issue_authority(const Arguments& arguments) {
  const auto validity = validity_from(arguments, a_year);
  if (!validity) return fail(validity.error());
  AuthorityDocument draft;
  draft.organisation = arguments.organisation;
  draft.purpose = arguments.purpose;
  draft.site = arguments.site;
  draft.contact = arguments.contact;
  draft.clear_occupants = arguments.clear_occupants;
  draft.latitude = arguments.latitude;
  draft.longitude = arguments.longitude;
  draft.valid_from = validity->from;
  draft.valid_until = draft.review = validity->until;
  if (!arguments.review.empty()) {
    const auto review = time_from(arguments.review, "--review");
    if (!review) return fail(review.error());
    draft.review = *review;
  }
  return issue(arguments, std::move(draft));
}

Status revoke_authority(const Arguments& arguments) {
  AuthorityDocument draft;
  draft.kind = Kind::revocation;
  draft.reason = arguments.reason;
  return issue(arguments, std::move(draft));
}

Status list_authorities(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  if (!arguments.device_id.empty() && !pem::is_device_id(arguments.device_id))
    return fail(ErrorCode::invalid_input, "a device id must be 16 lower case hex digits");
  const auto issued = IssuedAuthorities(office->authority.deployment()).list();
  if (!issued) return fail(issued.error());
  for (const IssuedAuthorities::Issued& one : *issued) {
    const bool wanted =
        arguments.device_id.empty() || !one.document || is_for(*one.document, arguments.device_id);
    if (wanted) fmt::print("{}\n", line_of(one));
  }
  if (issued->empty()) fmt::print("None has been issued.\n");
  const auto told = backoffice::told_authorities(*office->store, arguments.device_id);
  if (!told) return fail(told.error());
  std::string device;
  for (const backoffice::ToldAuthority& one : told->told) {
    if (std::exchange(device, one.device_id) != one.device_id) fmt::print("device {}\n", one.device_id);
    fmt::print("  {}  {:<15}  {}{}{}\n", one.time, one.state, one.captures ? "captures" : "captures nothing",
               one.number ? fmt::format(", by {}", *one.number) : "",
               one.reason.empty() ? "" : ": " + one.reason);
  }
  return left_out(told->damaged, arguments.folder);
}

}  // namespace wayside::app::office
