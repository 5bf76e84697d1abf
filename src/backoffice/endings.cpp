#include "wayside/backoffice/endings.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "wayside/backoffice/recipients.hpp"

#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

std::optional<UtcTime> end_of_certificate(const std::filesystem::path& file) {
  const auto certificate = pem::read_certificate(file);
  return certificate ? std::optional(pem::valid_until(**certificate)) : std::nullopt;
}

// Nothing where one of the keys has no end.
std::optional<UtcTime> end_of_keys(const std::filesystem::path& recipients) {
  const auto known = list_recipients(recipients);
  std::optional<UtcTime> end;
  if (!known) return end;
  for (const KnownRecipient& one : *known) {
    if (!one.own || one.recipient.view != RecordView::full) continue;
    if (!one.recipient.valid_until) return std::nullopt;
    end = std::max(end.value_or(*one.recipient.valid_until), *one.recipient.valid_until);
  }
  return end;
}

}  // namespace

std::optional<UtcTime> end_of(const Authority& authority) {
  return end_of_certificate(authority.ca_certificate());
}

std::vector<Ending> office_endings(const Authority& authority, UtcTime now) {
  std::vector<Ending> endings;
  const std::string office = authority.folder().string();
  const std::optional<UtcTime> authority_end = end_of(authority);
  const auto tell = [&](std::optional<UtcTime> end, std::chrono::hours before, const auto& sentence) {
    if (end && *end - now <= before)
      endings.push_back({sentence(to_iso8601(*end)), *end - now <= ending_warned_before});
  };
  // A new one would end with the authority, too.
  const auto before_the_authority = [&](const std::filesystem::path& file) {
    const auto end = end_of_certificate(file);
    return end && authority_end && *end >= *authority_end ? std::nullopt : end;
  };
  tell(end_of_keys(authority.recipients()), ending_warned_before, [&](const std::string& end) {
    return fmt::format(
        "The office's last key ends at {}, and cameras that have no other write no records from then on: "
        "run\n"
        "wayside-backoffice recipient-key new {}, and enrol each camera again",
        end, office);
  });
  tell(before_the_authority(authority.server_certificate()), ending_warned_before,
       [&](const std::string& end) {
         return fmt::format(
             "The server's certificate ends at {}, and no camera delivers from then on: run\n"
             "wayside-backoffice init {}, and start serve again",
             end, office);
       });
  tell(before_the_authority(authority.client_certificate()), ending_warned_before,
       [&](const std::string& end) {
         return fmt::format(
             "The office's own certificate ends at {}, and no broker lets it in from then on: run\n"
             "wayside-backoffice init {}, and start ingest again",
             end, office);
       });
  tell(authority_end, authority_warned_before, [&](const std::string& end) {
    return fmt::format(
        "The office's own authority ({}) ends at {}, and nothing that it signed is valid from then on: make "
        "an\n"
        "office in a new folder, and enrol each camera there",
        authority.ca_certificate().string(), end);
  });
  return endings;
}

}  // namespace wayside::backoffice
