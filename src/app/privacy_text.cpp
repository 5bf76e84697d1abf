#include "src/app/privacy_text.hpp"

#include <string_view>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/time.hpp"

namespace wayside::app {

namespace {

constexpr std::size_t most_line = 79;
constexpr std::size_t indent = 12;
constexpr double segment_gb = 8.0 * 1.048576 / 1000;

// A heading, and behind it sentences broken into lines.
class Page {
 public:
  void say(std::string_view heading, std::string_view sentences) {
    std::string line = fmt::format("{:<{}}", heading, indent);
    while (!sentences.empty()) {
      std::size_t end = sentences.find(' ');
      std::string_view word = sentences.substr(0, end);
      sentences = end == std::string_view::npos ? std::string_view{} : sentences.substr(end + 1);
      while (!word.empty()) {
        const std::string_view part = word.substr(0, most_line - indent);
        word = word.substr(part.size());
        const bool first = line.size() == indent;
        if (!first && line.size() + 1 + part.size() > most_line) {
          text_ += line + '\n';
          line.assign(indent, ' ');
        }
        if (line.size() > indent) line += ' ';
        line += part;
      }
    }
    text_ += line + '\n';
  }
  [[nodiscard]] std::string text() const { return text_; }

 private:
  std::string text_;
};

std::string day_of(UtcTime time) {
  return to_iso8601(time).substr(0, 10);
}

std::string reason_of(const PrivacyFacts& facts) {
  if (!facts.needs_authority) return "This camera plays a recording, which captures nobody anew.";
  if (!facts.authority) return "No deployment authority is in force. Nothing is captured.";
  const AuthorityDocument& authority = *facts.authority;
  return fmt::format(
      "Authority {}: {} at {}, for {}. Contact {}. In force from {} to {}, to be reviewed by {}. {}",
      authority.number, json_escape(authority.organisation), json_escape(authority.site),
      json_escape(authority.purpose), json_escape(authority.contact), day_of(authority.valid_from),
      day_of(authority.valid_until), day_of(authority.review),
      facts.may_capture ? "It is captured under it now." : "NOTHING is captured under it now.");
}

std::string occupants_of(const Configuration& configuration, const PrivacyFacts& facts) {
  constexpr std::string_view blurred =
      "Blurred in the overview, above each plate that was found, up to where a windscreen ends";
  if (configuration.privacy.overview_occupants != "clear") return fmt::format("{}.", blurred);
  constexpr std::string_view key = "privacy.overview_occupants = \"clear\"";
  if (!facts.needs_authority) return fmt::format("NOT blurred in the overview ({}).", key);
  if (facts.authority && facts.authority->clear_occupants)
    return fmt::format("NOT blurred in the overview ({}, and authority {} says so too).", key,
                       facts.authority->number);
  return fmt::format("{}: {} counts only where the authority says so too.", blurred, key);
}

std::string for_whom(const Recipient& recipient) {
  std::string gets;
  switch (recipient.view) {
    case RecordView::full:
      gets = "the mark, where and when, and both pictures";
      break;
    case RecordView::text:
      gets = "the mark, where and when; no picture";
      break;
    case RecordView::pseudonym:
      gets = "a pseudonym for the mark, where and when; no picture";
      break;
  }
  std::string out = fmt::format("{}: {}", json_escape(recipient.name), gets);
  if (recipient.valid_until) out += fmt::format("; until {}", day_of(*recipient.valid_until));
  return out + '.';
}

}  // namespace

std::string privacy_text(const Configuration& configuration, const PrivacyFacts& facts) {
  const std::size_t masks =
      polygons_from(configuration.privacy.masks).value_or(std::vector<MaskPolygon>{}).size();
  Page page;
  page.say("Why", reason_of(facts));
  page.say(
      "Captured",
      "Of each vehicle that passes: its mark (VRM) with how sure it is, time, place, lane and direction, "
      "a picture of the plate and one overview. No speed. No video is kept, nor any frame.");
  page.say("Not seen", masks == 0 ? "No part of the view is masked (privacy.masks)."
                                  : fmt::format("{} part{} of the view {} black before anything is searched, "
                                                "read, kept or shown; plates there are not read.",
                                                masks, masks == 1 ? "" : "s", masks == 1 ? "is" : "are"));
  page.say("Occupants", occupants_of(configuration, facts));
  page.say("Kept where",
           fmt::format("In {} alone, at most {:.1f} GB, sealed as it is captured: the camera itself cannot "
                       "open it again.",
                       json_escape(configuration.queue.directory.string()),
                       configuration.queue.segments * segment_gb));
  page.say(
      "How long",
      fmt::format("Until the back office has it, at most {} day{}; sooner where the room is needed. What "
                  "is given up is told.",
                  configuration.queue.retention_days, configuration.queue.retention_days == 1 ? "" : "s"));
  page.say("Sent to",
           configuration.upload.url.empty()
               ? std::string("Nobody: upload.url is empty.")
               : fmt::format("{}, over an authenticated, encrypted connection{}",
                             json_escape(configuration.upload.url),
                             configuration.upload.profile == "bof2"
                                 ? ". THAT SERVICE takes plain text: it is opened to be sent there."
                                 : ", still sealed."));
  if (facts.recipients.empty()) page.say("Opened by", "Nobody: there is no recipient, and so no record.");
  for (const Recipient& recipient : facts.recipients)
    page.say(&recipient == &facts.recipients.front() ? "Opened by" : "", for_whom(recipient));
  page.say("Logs", "Hold no mark. Every start, change, view of a picture and gap is told in signed records.");
  return page.text();
}

}  // namespace wayside::app
