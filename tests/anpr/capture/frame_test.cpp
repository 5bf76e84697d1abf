#include "wayside/anpr/capture/frame.hpp"

#include <gtest/gtest.h>
#include <opencv2/core.hpp>

namespace wayside {
namespace {

FrameInfo info_of(std::uint64_t number) {
  FrameInfo info;
  info.number = FrameNumber(number);
  info.utc = UtcTime{1'700'000'000'123};
  return info;
}

TEST(Frame, GreyPicturesAreKeptAsTheyAre) {
  const cv::Mat grey(20, 30, CV_8UC1, cv::Scalar(77));
  const auto frame = make_frame(info_of(7), grey);
  ASSERT_TRUE(frame);
  EXPECT_EQ((*frame)->info().number.value(), 7U);
  EXPECT_EQ((*frame)->info().utc.ms, 1'700'000'000'123);
  EXPECT_EQ((*frame)->luma().data, grey.data);
  const cv::Mat colour = (*frame)->bgr();
  ASSERT_EQ(colour.type(), CV_8UC3);
  EXPECT_EQ(colour.size(), grey.size());
  EXPECT_EQ(colour.at<cv::Vec3b>(3, 4), cv::Vec3b(77, 77, 77));
}

TEST(Frame, ColourPicturesGiveLumaAndTheirColour) {
  const cv::Mat bgr(20, 30, CV_8UC3, cv::Scalar(10, 200, 60));
  const auto frame = make_frame(info_of(1), bgr);
  ASSERT_TRUE(frame);
  ASSERT_EQ((*frame)->luma().type(), CV_8UC1);
  EXPECT_NEAR((*frame)->luma().at<uchar>(0, 0), 0.114 * 10 + 0.587 * 200 + 0.299 * 60, 1.0);
  EXPECT_EQ((*frame)->bgr().at<cv::Vec3b>(5, 5), cv::Vec3b(10, 200, 60));
}

TEST(Frame, TransparencyIsLeftOut) {
  const cv::Mat bgra(20, 30, CV_8UC4, cv::Scalar(10, 200, 60, 0));
  const auto frame = make_frame(info_of(1), bgra);
  ASSERT_TRUE(frame);
  EXPECT_EQ((*frame)->bgr().type(), CV_8UC3);
  EXPECT_EQ((*frame)->bgr().at<cv::Vec3b>(5, 5), cv::Vec3b(10, 200, 60));
  EXPECT_NEAR((*frame)->luma().at<uchar>(0, 0), 136, 1);
}

TEST(Frame, PaddedRowsAreReadByTheirStride) {
  cv::Mat wide(40, 64, CV_8UC3, cv::Scalar(0, 0, 0));
  cv::Mat part = wide(cv::Rect(8, 8, 33, 21));
  part.setTo(cv::Scalar(90, 90, 90));
  ASSERT_FALSE(part.isContinuous());
  const auto frame = make_frame(info_of(1), part);
  ASSERT_TRUE(frame);
  EXPECT_EQ((*frame)->luma().size(), cv::Size(33, 21));
  EXPECT_EQ(cv::countNonZero((*frame)->luma() == 90), 33 * 21);
}

TEST(Frame, SizesFrom16To16384AreTaken) {
  EXPECT_TRUE(make_frame(info_of(1), cv::Mat(16, 16, CV_8UC1, cv::Scalar(0))));
  EXPECT_TRUE(make_frame(info_of(1), cv::Mat(16, 16384, CV_8UC1, cv::Scalar(0))));
  for (const cv::Size size : {cv::Size(15, 16), cv::Size(16, 15), cv::Size(16385, 16), cv::Size(0, 0)}) {
    const auto frame = make_frame(info_of(3), cv::Mat(size, CV_8UC1, cv::Scalar(0)));
    ASSERT_FALSE(frame) << size;
    EXPECT_EQ(frame.error().code, ErrorCode::invalid_input);
    EXPECT_NE(frame.error().message.find("frame 3"), std::string::npos) << frame.error().message;
    EXPECT_NE(frame.error().message.find("16384"), std::string::npos) << frame.error().message;
  }
}

TEST(Frame, OtherPixelTypesAreRefusedByName) {
  for (const int type : {CV_16UC1, CV_32FC1, CV_8UC2, CV_16UC3}) {
    const auto frame = make_frame(info_of(3), cv::Mat(20, 20, type, cv::Scalar::all(0)));
    ASSERT_FALSE(frame) << cv::typeToString(type);
    EXPECT_EQ(frame.error().code, ErrorCode::invalid_input);
    EXPECT_NE(frame.error().message.find(cv::typeToString(type)), std::string::npos) << frame.error().message;
  }
}

TEST(Frame, TheLeaseLivesAsLongAsTheFrame) {
  auto lease = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = lease;
  auto frame = std::make_shared<const Frame>(FrameInfo{}, cv::Mat(16, 16, CV_8UC1), Frame::BgrMaker{},
                                             std::move(lease));
  EXPECT_FALSE(watch.expired());
  frame.reset();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace wayside
