#include "wayside/delivery/event/sight_record.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wayside {
namespace {

using testing::HasSubstr;

TEST(SightRecord, SaysNumbersRoundedWithoutANegativeNoughtAndWhatIsNoneAsNone) {
  SightMinute minute;
  minute.view = ViewState::moved;
  minute.shift_x = -0.0004;
  minute.shift_y = 0.12349;
  minute.light = 17.26;
  minute.glare = std::numeric_limits<double>::quiet_NaN();
  minute.sharpness = 0.456;
  minute.covered = std::numeric_limits<double>::infinity();
  minute.plate_width_px = std::nullopt;
  SightMinutes minutes;
  minutes.minutes = {minute};
  const std::string record = sight_record(minutes, "0123456789abcdef");
  EXPECT_THAT(record, HasSubstr(R"("shift":[0.0,0.123])"));
  EXPECT_THAT(record, HasSubstr(R"("light":17.3)"));
  EXPECT_THAT(record, HasSubstr(R"("glare":0)"));
  EXPECT_THAT(record, HasSubstr(R"("sharpness":0.46)"));
  EXPECT_THAT(record, HasSubstr(R"("covered":0)"));
  EXPECT_THAT(record, HasSubstr(R"("plate_width_px":null)"));
}

}  // namespace
}  // namespace wayside
