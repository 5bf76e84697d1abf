#include "refiner_net.hpp"

#include <algorithm>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "wayside/anpr/capture/cut_out.hpp"

#include "network.hpp"

namespace wayside::locate {
namespace {

// As models/training/refiner/net.py has them: the candidate lies in the middle of a crop 1.5 times as wide
// and twice as high, and the answer is the way of each corner in units of 16 pixels.
constexpr int crop_cols = 160;
constexpr int crop_rows = 80;
constexpr float unit = 16;
constexpr float left = crop_cols / 6.0F;
constexpr float top = crop_rows / 4.0F;
PlateQuad nominal() {
  return {cv::Point2f(left, top), cv::Point2f(crop_cols - left, top),
          cv::Point2f(crop_cols - left, crop_rows - top), cv::Point2f(left, crop_rows - top)};
}

}  // namespace

struct RefinerNet::Parts {
  cv::dnn::Net net;
};

RefinerNet::RefinerNet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RefinerNet::~RefinerNet() = default;

Result<std::unique_ptr<RefinerNet>> RefinerNet::make(const ModelStore& models) {
  Result<cv::dnn::Net> net = load_network(models, "refiner");
  if (!net) return fail(net.error());
  return std::unique_ptr<RefinerNet>(new RefinerNet(std::make_unique<Parts>(Parts{*net})));
}

std::optional<CloserLook> RefinerNet::look(const cv::Mat& luma, const PlateQuad& quad) {
  const PlateQuad at = nominal();
  const cv::Mat crop = cut_out(luma, quad, at, {crop_cols, crop_rows});
  if (crop.empty()) return std::nullopt;
  parts_->net.setInput(network_input(crop));
  const cv::Mat output = parts_->net.forward().reshape(1, 1);
  CV_Assert(output.cols == 11 && output.type() == CV_32F);
  const auto* value = output.ptr<float>();
  std::vector<cv::Point2f> corners;
  for (std::size_t k = 0; k < 4; ++k)
    corners.push_back(at[k] + cv::Point2f(value[2 * k], value[2 * k + 1]) * unit);
  cv::perspectiveTransform(corners, corners, cv::getPerspectiveTransform(at.data(), quad.data()));
  CloserLook seen;
  std::copy(corners.begin(), corners.end(), seen.quad.begin());
  seen.plate = value[8];
  seen.two_lines = value[9];
  seen.light_on_dark = value[10];
  return seen;
}

}  // namespace wayside::locate
