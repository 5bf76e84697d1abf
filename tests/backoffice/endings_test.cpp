#include "wayside/backoffice/endings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wayside/backoffice/recipients.hpp"

#include "tests/backoffice/sample.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

auto said(const testing::Matcher<const std::string&>& sentence, bool due = true) {
  return AllOf(testing::Field(&Ending::sentence, sentence), testing::Field(&Ending::due, due));
}

class EndingsTest : public testing::Test {
 protected:
  Authority made(UtcTime at) { return Authority::make(temporary_.path() / "office", {}, at).value(); }
  void make_key(const Authority& authority, UtcTime until) {
    ASSERT_TRUE(make_recipient_key(authority.recipients(), std::nullopt, until));
  }

  doubles::TemporaryFolder temporary_;
  const UtcTime end_ = sample_now + certificate_lifetime;
  const UtcTime soon_ = end_ + -ending_warned_before;
};

TEST_F(EndingsTest, OfKeyAndCertificatesEachIsToldThreeMonthsBefore) {
  const Authority authority = made(sample_now);
  EXPECT_THAT(office_endings(authority, sample_now), IsEmpty());
  EXPECT_THAT(office_endings(authority, soon_ + -std::chrono::minutes(1)), IsEmpty());
  const auto at_the_end_of = [&](const char* what, const char* to_do) {
    return said(AllOf(HasSubstr(std::string(what) + " ends at " + to_iso8601(end_)), HasSubstr(to_do),
                      HasSubstr(authority.folder().string())));
  };
  const auto key = at_the_end_of("The office's last key", "recipient-key new");
  const auto server = at_the_end_of("The server's certificate", "start serve again");
  const auto own = at_the_end_of("The office's own certificate", "start ingest again");
  EXPECT_THAT(office_endings(authority, soon_), ElementsAre(key, server, own));
  std::filesystem::remove(authority.client_certificate());
  EXPECT_THAT(office_endings(authority, soon_), ElementsAre(key, server));
  std::filesystem::remove(authority.server_certificate());
  EXPECT_THAT(office_endings(authority, soon_), ElementsAre(key));
}

TEST_F(EndingsTest, WhatWasMadeAnewEndsNoMore) {
  const Authority authority = made(sample_now);
  make_key(authority, soon_ + recipient_key_lifetime);
  EXPECT_THAT(office_endings(authority, soon_), ElementsAre(said(HasSubstr("The server's certificate")),
                                                            said(HasSubstr("The office's own certificate"))));
  EXPECT_THAT(office_endings(made(soon_), soon_), IsEmpty());
}

TEST_F(EndingsTest, TheAuthorityIsToldAYearBeforeAndIsDueThreeMonthsBefore) {
  made(sample_now);
  const UtcTime end = sample_now + std::chrono::hours(24 * 3650);
  const UtcTime told = end + -authority_warned_before;
  const Authority authority = made(told);  // server and office anew: they end with it
  make_key(authority, end + recipient_key_lifetime);
  EXPECT_THAT(office_endings(authority, told + -std::chrono::minutes(1)), IsEmpty());
  const auto sentence = AllOf(HasSubstr(authority.ca_certificate().string() + ") ends at " + to_iso8601(end)),
                              HasSubstr("enrol each camera there"));
  EXPECT_THAT(office_endings(authority, told), ElementsAre(said(sentence, false)));
  EXPECT_THAT(office_endings(authority, end + -ending_warned_before), ElementsAre(said(sentence)));
  EXPECT_THAT(office_endings(authority, end + std::chrono::hours(1)), ElementsAre(said(sentence)));
}

}  // namespace
}  // namespace wayside::backoffice
