#include "wayside/backoffice/endings.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

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
  // Not of what ends with the authority: so would a new one.
  const auto tell_certificate = [&](const std::filesystem::path& file, std::string_view whose,
                                    std::string_view becomes, std::string_view command) {
    const auto end = end_of_certificate(file);
    if (end && authority_end && *end >= *authority_end) return;
    tell(end, ending_warned_before, [&](const std::string& time) {
      return fmt::format(
          "{} certificate ends at {}, and {} from then on: run\n"
          "wayside-backoffice init {}, and start {} again",
          whose, time, becomes, office, command);
    });
  };
  tell(end_of_keys(authority.recipients()), ending_warned_before, [&](const std::string& time) {
    return fmt::format(
        "The office's last key ends at {}, and cameras that have no other write no records from\n"
        "then on: run wayside-backoffice recipient-key new {}, and enrol each camera again",
        time, office);
  });
  tell_certificate(authority.server_certificate(), "The server's", "no camera delivers", "serve");
  tell_certificate(authority.client_certificate(), "The office's own", "no broker lets it in", "ingest");
  tell(authority_end, authority_warned_before, [&](const std::string& time) {
    return fmt::format(
        "The office's own authority ({}) ends at {}, and nothing that it signed is valid\n"
        "from then on: make an office in a new folder, and enrol each camera there",
        authority.ca_certificate().string(), time);
  });
  return endings;
}

}  // namespace wayside::backoffice
