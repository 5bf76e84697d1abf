#include "wayside/backoffice/issued_authorities.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/device/authority/authority_record.hpp"

#include "src/backoffice/validation.hpp"
#include "tests/backoffice/test_office.hpp"
#include "tests/doubles/example_authority.hpp"

namespace wayside::backoffice {
namespace {

namespace fs = std::filesystem;
using doubles::example_authority;
using doubles::example_revocation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string camera(doubles::authorised_camera);
const std::string other = "fedcba9876543210";

class IssuedAuthoritiesTest : public testing::Test {
 protected:
  IssuedAuthorities& issued() { return issued_; }
  AuthorityDocument issue(AuthorityDocument draft, const std::string& device = camera) {
    draft.devices = {device};
    return issued_.issue(draft, sample_now).value();
  }
  [[nodiscard]] fs::path folder() const { return temporary_.path() / "authority"; }
  VerifyingKey key() { return verifying_key_from(*read_text_file(folder() / "office-key")).value(); }
  // What a camera would read of them.
  std::vector<std::uint64_t> newer_than(std::uint64_t number, const std::string& device = camera) {
    std::vector<std::uint64_t> numbers;
    const auto texts = issued_.newer_than(number, device);
    for (const std::string& text : texts.value())
      numbers.push_back(authority_from(text, key()).value().number);
    return numbers;
  }

  doubles::TemporaryFolder temporary_;
  IssuedAuthorities issued_{folder()};
};

TEST_F(IssuedAuthoritiesTest, AreSignedNumberedAndReadByAnotherProgram) {
  EXPECT_EQ(issue(example_authority()).number, 1U);
  IssuedAuthorities another(folder());
  EXPECT_EQ(another.issue(example_revocation(0), sample_now)->number, 2U);
  EXPECT_EQ(issue(example_authority()).number, 3U) << "what the other one issued counts";
  const auto list = issued().list().value();
  ASSERT_THAT(list, SizeIs(3));
  EXPECT_EQ(list[1].document->reason, "The need has ceased");
  EXPECT_EQ(list[0].document->issued, sample_now);
  struct stat info {};
  ASSERT_EQ(::stat((folder() / "authority.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

// Another one beside what was issued would lock every camera out, of revocations above all.
TEST_F(IssuedAuthoritiesTest, ALostKeyIsNotReplacedByAnother) {
  issue(example_authority());
  const VerifyingKey known = key();
  std::filesystem::remove(folder() / "authority.key");
  IssuedAuthorities another(folder());
  EXPECT_THAT(another.issue(example_revocation(0), sample_now).error().message,
              HasSubstr("restore it from a backup"));
  EXPECT_FALSE(another.make_key());
  EXPECT_EQ(key(), known);
  EXPECT_TRUE(another.list().value().at(0).document) << "what was issued stays readable";
}

TEST_F(IssuedAuthoritiesTest, AKeyThatOthersMayReadIsRefused) {
  issue(example_authority());
  std::filesystem::permissions(folder() / "authority.key", std::filesystem::perms(0640));
  EXPECT_THAT(issued().issue(example_revocation(0), sample_now).error().message, HasSubstr("set it to 0600"));
}

TEST_F(IssuedAuthoritiesTest, WhatCannotBeIsNotIssued) {
  AuthorityDocument draft = example_authority();
  draft.valid_until = draft.valid_from;
  EXPECT_THAT(issued().issue(draft, sample_now).error().message, HasSubstr("field valid_until"));
  EXPECT_THAT(issued().list().value(), IsEmpty());
}

TEST_F(IssuedAuthoritiesTest, ACameraIsSentWhatItLacksAndNothingThatARevocationHasEnded) {
  issue(example_authority());
  issue(example_authority(), other);
  issue(example_authority());
  EXPECT_THAT(newer_than(0), ElementsAre(1, 3));
  EXPECT_THAT(newer_than(1), ElementsAre(3));
  EXPECT_THAT(newer_than(3), IsEmpty());
  EXPECT_THAT(newer_than(0, other), ElementsAre(2));
  issue(example_revocation(0));
  EXPECT_THAT(newer_than(0), ElementsAre(4));
  issue(example_authority());
  EXPECT_THAT(newer_than(0), ElementsAre(4, 5));
  EXPECT_THAT(newer_than(0, other), ElementsAre(2));
}

TEST_F(IssuedAuthoritiesTest, ManyAreSentInPortions) {
  for (int i = 0; i < 60; ++i)
    issue(example_authority());
  const auto first = newer_than(0);
  ASSERT_LT(first.size(), 60U);
  EXPECT_EQ(first.front(), 1U);
  EXPECT_EQ(newer_than(first.back()).front(), first.back() + 1);
}

TEST_F(IssuedAuthoritiesTest, ADamagedOneIsListedNotSentAndItsNumberNotGivenAgain) {
  issue(example_authority());
  issue(example_authority());
  fs::resize_file(folder() / "2.authority", 100);
  std::ofstream(folder() / "notes.authority") << "no number";
  IssuedAuthorities again(folder());
  const auto list = again.list().value();
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_FALSE(list[1].document);
  EXPECT_THAT(again.newer_than(0, camera).value(), SizeIs(1));
  EXPECT_EQ(again.issue(example_authority(), sample_now)->number, 3U);
}

TEST_F(IssuedAuthoritiesTest, ACameraThatIsEnrolledGetsTheKeyAndItsAuthorities) {
  issue(example_authority());
  issue(example_authority(), other);
  const fs::path out = temporary_.path() / "out";
  ASSERT_TRUE(issued().pass_on(camera, out));
  EXPECT_EQ(verifying_key_from(*read_text_file(out / "office-key")).value(), key());
  EXPECT_TRUE(authority_from(*read_text_file(out / "1.authority"), key()));
  EXPECT_FALSE(fs::exists(out / "2.authority"));
}

TEST(ToldAuthorities, WhatCamerasRecordIsTakenAndListed) {
  TestOffice office;
  SealingCamera sealing = office.new_camera();
  for (const AuthorityState state :
       {AuthorityState::none, AuthorityState::other_device, AuthorityState::older_than_seen,
        AuthorityState::not_yet_valid, AuthorityState::clock_unsure, AuthorityState::in_force,
        AuthorityState::review_due, AuthorityState::review_passed, AuthorityState::moved,
        AuthorityState::expired, AuthorityState::revoked}) {
    AuthorityJudgement judged;
    judged.state = state;
    judged.may_capture = state == AuthorityState::in_force;
    judged.number = state == AuthorityState::none ? 0 : 7;
    if (state == AuthorityState::review_due) judged.review_days = 30;
    judged.sentence = std::string(state == AuthorityState::revoked ? 400 : 0, 'x');
    TimeQuality time{TimeSource::gnss, 27, 4};
    time.boot_id = std::string(32, 'a');
    office.put({sealing
                    .seal(ledger_parts(
                        RecordType::audit,
                        authority_record(judged, camera, {MonotonicTime{5'000'000'000}, sample_now}, time)))
                    .text()});
  }
  const auto told = told_authorities(office.store(), camera);
  ASSERT_TRUE(told) << told.error().message;
  ASSERT_THAT(told->told, SizeIs(11));
  EXPECT_EQ(told->told.at(0).state, "none");
  EXPECT_FALSE(told->told.at(0).number);
  EXPECT_EQ(told->told.at(5).state, "in_force");
  EXPECT_TRUE(told->told.at(5).captures);
  EXPECT_EQ(told->told.at(5).number, 7U);
  EXPECT_EQ(told->told.at(5).time, to_iso8601(sample_now));
  EXPECT_THAT(told_authorities(office.store(), other)->told, IsEmpty());
  office.run_sql(R"(UPDATE records SET document = replace(document, '"captures":false', '"captures":true'))");
  const auto after = told_authorities(office.store(), camera);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->damaged, 10U) << "what its camera did not sign tells nothing";
  EXPECT_THAT(after->told, SizeIs(1));
}

}  // namespace
}  // namespace wayside::backoffice
