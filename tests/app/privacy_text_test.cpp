#include "src/app/privacy_text.hpp"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside::app {
namespace {

using testing::HasSubstr;
using testing::Not;

Configuration configuration() {
  Configuration configuration;
  configuration.upload.url = "https://office.example:8443";
  return configuration;
}

PrivacyFacts facts() {
  PrivacyFacts facts;
  facts.may_capture = true;
  AuthorityDocument authority;
  authority.number = 7;
  authority.organisation = "Example Constabulary";
  authority.purpose = "intelligence on burglary";
  authority.site = "A14 J31";
  authority.contact = "anpr@example.org";
  authority.valid_from = utc_from_iso8601("2026-06-01T00:00:00Z").value();
  authority.valid_until = utc_from_iso8601("2027-06-01T00:00:00Z").value();
  authority.review = utc_from_iso8601("2027-03-01T00:00:00Z").value();
  facts.authority = authority;
  facts.recipients = {{"force", {}, RecordView::full, {}, {}, {}, {}},
                      {"traffic", {}, RecordView::pseudonym, {}, {}, {}, {}}};
  return facts;
}

// As one line of words, wherever it was broken.
std::string words(const std::string& page) {
  std::istringstream in(page);
  std::string out;
  for (std::string word; in >> word;)
    out += (out.empty() ? "" : " ") + word;
  return out;
}

TEST(PrivacyText, SaysWhatIsKeptWhereHowLongAndForWhom) {
  const std::string said = words(privacy_text(configuration(), facts()));
  EXPECT_THAT(said, HasSubstr("Authority 7: Example Constabulary at A14 J31, for intelligence on burglary"));
  EXPECT_THAT(said, HasSubstr("In force from 2026-06-01 to 2027-06-01, to be reviewed by 2027-03-01"));
  EXPECT_THAT(said, HasSubstr("No speed."));
  EXPECT_THAT(said, HasSubstr("In /var/lib/wayside/queue alone, at most 0.5 GB"));
  EXPECT_THAT(said, HasSubstr("at most 28 days"));
  EXPECT_THAT(said, HasSubstr("https://office.example:8443, over an authenticated, encrypted connection"));
  EXPECT_THAT(said, HasSubstr("force: the mark, where and when, and both pictures."));
  EXPECT_THAT(said, HasSubstr("traffic: a pseudonym for the mark, where and when; no picture."));
  EXPECT_THAT(said, HasSubstr("Blurred in the overview"));
}

TEST(PrivacyText, SaysSoWhereItIsLessPrivateOrNothingIsCaptured) {
  Configuration open = configuration();
  open.privacy.overview_occupants = "clear";
  open.privacy.masks = "0,0 0.2,0 0.2,1; 0.8,0 1,0 1,1";
  open.upload.profile = "bof2";
  PrivacyFacts idle = facts();
  idle.may_capture = false;
  idle.authority->clear_occupants = true;
  const std::string said = words(privacy_text(open, idle));
  EXPECT_THAT(said, HasSubstr("NOT blurred in the overview"));
  EXPECT_THAT(said, HasSubstr("2 parts of the view are black"));
  EXPECT_THAT(said, HasSubstr("THAT SERVICE takes plain text"));
  EXPECT_THAT(said, HasSubstr("NOTHING is captured under it now."));
  idle.authority.reset();
  idle.recipients.clear();
  EXPECT_THAT(words(privacy_text(open, idle)), HasSubstr("No deployment authority is in force. Nothing is"));
  EXPECT_THAT(words(privacy_text(open, idle)), HasSubstr("there is no recipient"));
}

TEST(PrivacyText, OccupantsAreClearOnlyWhereTheAuthoritySaysSoToo) {
  Configuration open = configuration();
  open.privacy.overview_occupants = "clear";
  PrivacyFacts held = facts();
  EXPECT_THAT(words(privacy_text(open, held)),
              HasSubstr("Blurred in the overview, above each plate that was found, up to where a windscreen "
                        "ends: privacy.overview_occupants = \"clear\" counts only where the authority says"));
  held.authority->clear_occupants = true;
  EXPECT_THAT(words(privacy_text(open, held)),
              HasSubstr("NOT blurred in the overview (privacy.overview_"
                        "occupants = \"clear\", and authority 7 says so too)"));
  EXPECT_THAT(words(privacy_text(configuration(), held)), Not(HasSubstr("NOT blurred")));
  held.authority.reset();
  EXPECT_THAT(words(privacy_text(open, held)), Not(HasSubstr("NOT blurred")));
  held.needs_authority = false;  // a recording
  EXPECT_THAT(words(privacy_text(open, held)), HasSubstr("NOT blurred in the overview (privacy.overview_"));
}

TEST(PrivacyText, IsOnePageWhateverNamesItWasGiven) {
  PrivacyFacts odd = facts();
  odd.authority->organisation = std::string(200, 'o') + "\x1b[2J\n";
  odd.recipients[0].name = "\x1b]0;title\x07";
  const std::string page = privacy_text(configuration(), odd);
  EXPECT_TRUE(
      std::all_of(page.begin(), page.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 79U) << line;
  const std::string usual = privacy_text(configuration(), facts());
  EXPECT_LE(std::count(usual.begin(), usual.end(), '\n'), 24) << usual;
}

}  // namespace
}  // namespace wayside::app
