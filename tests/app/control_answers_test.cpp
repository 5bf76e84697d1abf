#include "src/app/control_answers.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wayside::app {
namespace {

using namespace std::chrono_literals;

TEST(QueueAnswer, TellsWhyAndHowLongAgoTheLastTryFailedWithinBounds) {
  const std::chrono::steady_clock::time_point now(1h);
  EXPECT_EQ(queue_answer({}, std::nullopt, now).at("upload"), false);
  UploaderState upload;
  const nlohmann::json well = queue_answer({}, upload, now);
  EXPECT_EQ(well.at("upload"), true);
  EXPECT_FALSE(well.contains("last_failure"));
  upload.last_failure = FailedTry{"nobody there", now - 12'900ms};
  EXPECT_EQ(queue_answer({}, upload, now).at("last_failure"),
            (nlohmann::json{{"reason", "nobody there"}, {"ago_s", 12}}));
  upload.last_failure->reason = std::string(100'000, 'x');
  EXPECT_EQ(queue_answer({}, upload, now).at("last_failure").at("reason"), std::string(500, 'x'));
}

}  // namespace
}  // namespace wayside::app
