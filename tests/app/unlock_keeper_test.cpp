// The keeper of the borrowed key: what it keeps through which answer, and what it says of it.
#include "src/app/unlock_keeper.hpp"

#include <atomic>
#include <fstream>

#include <gmock/gmock.h>

#include "wayside/base/files.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class FakeClock final : public Clock {
 public:
  [[nodiscard]] UtcTime utc_now() const override { return {1'800'000'000'000}; }
  [[nodiscard]] MonotonicTime monotonic_now() const override { return {now_ns}; }
  [[nodiscard]] TimeQuality quality() const override { return {TimeSource::ntp, {}, {}}; }
  std::atomic<std::int64_t> now_ns{1};
};

// Says what the test wants it to say.
struct Lender {
  std::optional<Error> error;
  RecipientSecret secret = make_recipient_secret();
};
class FakeService final : public UnlockService {
 public:
  explicit FakeService(Lender& lender) : lender_(lender) {}
  Result<UnlockKeys::Set> fetch() override {
    if (lender_.error) return fail(*lender_.error);
    UnlockKeys::Set keys;
    keys.push_back(recipient_secret_from(Secret(lender_.secret.secret.view())));
    return keys;
  }

 private:
  Lender& lender_;
};

class UnlockKeeperTest : public testing::Test {
 protected:
  UnlockKeeperTest() {
    std::filesystem::create_directory(recipients_);
    std::filesystem::permissions(recipients_, std::filesystem::perms(0700));
  }
  void put_public_half(std::optional<UtcTime> until = {}) {
    Recipient one;
    one.name = "Unlock key";
    one.key = lender_.secret.key;
    one.valid_until = until;
    ASSERT_TRUE(replace_file(recipients_ / "unlock.toml", as_bytes(to_toml(one))));
  }
  UnlockKeeper keeper() {
    UnlockKeeperOptions options;
    options.recipients = recipients_;
    return {options,
            [this]() -> Result<std::unique_ptr<UnlockService>> {
              if (no_certificate_) return fail(ErrorCode::not_found, "device.crt is missing");
              return std::make_unique<FakeService>(lender_);
            },
            keys_,
            clock_,
            health_,
            counters_};
  }
  void pass_hours(int hours) { clock_.now_ns += std::chrono::nanoseconds(std::chrono::hours(hours)).count(); }
  std::string problem() { return health_.problems()["unlock_key"]; }

  doubles::TemporaryFolder folder_;
  std::filesystem::path recipients_ = folder_.path() / "recipients";
  Lender lender_;
  bool no_certificate_ = false;
  UnlockKeys keys_;
  FakeClock clock_;
  Health health_;
  CounterSet counters_;
};

TEST_F(UnlockKeeperTest, BorrowsTheKeyAndLooksAgainEveryHour) {
  put_public_half();
  UnlockKeeper one = keeper();
  EXPECT_EQ(one.look(), 1h);
  ASSERT_EQ(keys_.current()->size(), 1U);
  EXPECT_EQ(keys_.current()->front().key, lender_.secret.key);
  EXPECT_THAT(problem(), IsEmpty());
  one.stop();
  EXPECT_TRUE(keys_.current()->empty()) << "none outlives the run";
}

TEST_F(UnlockKeeperTest, WithoutAnAnswerItTriesAgainAndSaysWhatIsMissing) {
  no_certificate_ = true;
  UnlockKeeper one = keeper();
  EXPECT_LE(one.look(), 1s);
  EXPECT_THAT(problem(), HasSubstr("device.crt is missing; records stay sealed in the queue"));
  no_certificate_ = false;
  lender_.error = Error{ErrorCode::unavailable, "no route"};
  for (int i = 0; i < 20; ++i)
    EXPECT_LE(one.look(), 5min);
  EXPECT_THAT(problem(), HasSubstr("no route"));
  EXPECT_EQ(counters_.counter("unlock_failures").value(), 21U);
  lender_.error.reset();
  put_public_half();
  EXPECT_EQ(one.look(), 1h);
  EXPECT_THAT(problem(), IsEmpty());
}

TEST_F(UnlockKeeperTest, RevokedItDropsTheKeyAtOnce) {
  put_public_half();
  UnlockKeeper one = keeper();
  static_cast<void>(one.look());
  lender_.error = Error{ErrorCode::refused, "this camera is revoked"};
  static_cast<void>(one.look());
  EXPECT_TRUE(keys_.current()->empty());
  EXPECT_THAT(problem(), HasSubstr("revoked"));
  EXPECT_EQ(counters_.counter("unlock_refused").value(), 1U);
}

TEST_F(UnlockKeeperTest, CutOffItKeepsTheKeyForADayAndNoLonger) {
  put_public_half();
  UnlockKeeper one = keeper();
  static_cast<void>(one.look());
  lender_.error = Error{ErrorCode::unavailable, "no route"};
  pass_hours(23);
  static_cast<void>(one.look());
  EXPECT_EQ(keys_.current()->size(), 1U);
  EXPECT_THAT(problem(), IsEmpty()) << "an outage is no reason to stop sending";
  pass_hours(1);
  static_cast<void>(one.look());
  EXPECT_TRUE(keys_.current()->empty());
  EXPECT_THAT(problem(), HasSubstr("no route"));
}

TEST_F(UnlockKeeperTest, AKeyThatRecordsAreNotSealedToOrSoonWillNotBeIsTold) {
  UnlockKeeper one = keeper();
  static_cast<void>(one.look());
  EXPECT_THAT(problem(), HasSubstr(to_hex(key_id(lender_.secret.key)) + ".toml"));
  put_public_half(UtcTime{1'700'000'000'000});
  static_cast<void>(one.look());
  EXPECT_THAT(problem(), HasSubstr("valid recipients")) << "it has ended";
  put_public_half(clock_.utc_now() + std::chrono::days(13));
  static_cast<void>(one.look());
  EXPECT_THAT(problem(), HasSubstr("the last unlock key ends at 2027-01-28"));
  put_public_half(clock_.utc_now() + std::chrono::days(15));
  static_cast<void>(one.look());
  EXPECT_THAT(problem(), IsEmpty());
}

TEST_F(UnlockKeeperTest, ItsThreadDoesTheLookingAndStopsAtOnce) {
  put_public_half();
  UnlockKeeper one = keeper();
  one.start();
  for (int i = 0; i < 1000 && keys_.current()->empty(); ++i)
    std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(keys_.current()->empty());
  const auto begin = std::chrono::steady_clock::now();
  one.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

}  // namespace
}  // namespace wayside::app
