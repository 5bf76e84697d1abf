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
    return AllOf(HasSubstr(std::string(what) + " ends at " + to_iso8601(end_)), HasSubstr(to_do),
                 HasSubstr(authority.folder().string()));
  };
  EXPECT_THAT(office_endings(authority, soon_),
              ElementsAre(at_the_end_of("The office's last key", "recipient-key new"),
                          at_the_end_of("The server's certificate", "start serve again"),
                          at_the_end_of("The office's own certificate", "start ingest again")));
}

TEST_F(EndingsTest, WhatWasMadeAnewEndsNoMore) {
  const Authority authority = made(sample_now);
  make_key(authority, soon_ + recipient_key_lifetime);
  EXPECT_THAT(office_endings(authority, soon_),
              ElementsAre(HasSubstr("The server's certificate"), HasSubstr("The office's own certificate")));
  EXPECT_THAT(office_endings(made(soon_), soon_), IsEmpty());
}

TEST_F(EndingsTest, TheAuthorityIsToldAYearBefore) {
  made(sample_now);
  const UtcTime end = sample_now + std::chrono::hours(24 * 3650);
  const UtcTime due = end + -authority_warned_before;
  const Authority authority = made(due);
  make_key(authority, due + recipient_key_lifetime);
  EXPECT_THAT(office_endings(authority, due + -std::chrono::minutes(1)), IsEmpty());
  EXPECT_THAT(office_endings(authority, due),
              ElementsAre(AllOf(HasSubstr("The office's authority ends at " + to_iso8601(end)),
                                HasSubstr("enrol each camera there"))));
}

}  // namespace
}  // namespace wayside::backoffice
