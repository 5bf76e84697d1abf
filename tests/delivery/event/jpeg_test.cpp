#include "src/delivery/event/jpeg.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "tests/delivery/event/example_pass.hpp"

namespace wayside::testing {
namespace {

TEST(Jpeg, PureNoiseOfTwelveMegapixelsFitsTheOverviewLimit) {
  const auto jpeg = encode_within_bytes(noise_picture(4000, 3000), overview_max_bytes);
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  EXPECT_LE(jpeg->bytes.size(), overview_max_bytes);
  EXPECT_GT(jpeg->bytes.size(), overview_max_bytes / 2) << "smaller than it had to be";
  EXPECT_NEAR(static_cast<double>(jpeg->width) / jpeg->height, 4.0 / 3, 0.02);
  EXPECT_EQ(decoded(jpeg->bytes).size(), cv::Size(jpeg->width, jpeg->height));
}

TEST(Jpeg, KeepsTheSizeAndTheBestQualityThatFits) {
  cv::Mat soft;
  cv::GaussianBlur(noise_picture(800, 450), soft, {0, 0}, 2);
  std::size_t earlier = 0;
  for (const std::size_t limit : {8'000U, 12'000U, 16'000U, 25'000U}) {
    const auto jpeg = encode_within_bytes(soft, limit);
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    EXPECT_LE(jpeg->bytes.size(), limit);
    EXPECT_GT(jpeg->bytes.size(), earlier) << "room is used";
    earlier = jpeg->bytes.size();
  }
  EXPECT_EQ(encode_within_bytes(soft, 1'000'000)->width, 800);
}

TEST(Jpeg, APictureThatIsTooLargeForThePatchIsMadeSmallerAndKeepsItsAspect) {
  for (const auto& [size, expected] : {std::pair{cv::Size(240, 60), cv::Size(120, 30)},
                                       {cv::Size(100, 120), cv::Size(50, 60)},
                                       {cv::Size(120, 60), cv::Size(120, 60)},
                                       {cv::Size(30, 20), cv::Size(30, 20)},
                                       {cv::Size(4000, 3), cv::Size(120, 1)}}) {
    const auto jpeg = encode_within_size(noise_picture(size.width, size.height), 120, 60, 90);
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    EXPECT_EQ(decoded(jpeg->bytes).size(), expected);
    EXPECT_EQ(cv::Size(jpeg->width, jpeg->height), expected);
  }
}

TEST(Jpeg, APictureCutFromALargerOneIsEncodedAsItLooks) {
  cv::Mat whole(100, 200, CV_8UC3, cv::Scalar(0, 0, 255));
  whole(cv::Rect(50, 20, 60, 30)).setTo(cv::Scalar(255, 0, 0));
  const auto jpeg = encode_within_size(whole(cv::Rect(50, 20, 60, 30)), 120, 60, 90);
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  const cv::Scalar mean = cv::mean(decoded(jpeg->bytes));
  EXPECT_NEAR(mean[0], 255, 3);
  EXPECT_NEAR(mean[2], 0, 3);
}

TEST(Jpeg, RefusesWhatIsNoPicture) {
  for (const cv::Mat& picture :
       {cv::Mat(), cv::Mat(10, 10, CV_8UC1), cv::Mat(10, 10, CV_16UC3), cv::Mat(1, 16385, CV_8UC3)}) {
    EXPECT_EQ(encode_within_size(picture, 120, 60, 90).error().code, ErrorCode::invalid_input);
    EXPECT_EQ(encode_within_bytes(picture, 25'000).error().code, ErrorCode::invalid_input);
  }
}

}  // namespace
}  // namespace wayside::testing
