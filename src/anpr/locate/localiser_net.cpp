#include "localiser_net.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "network.hpp"

namespace wayside::locate {
namespace {

constexpr float least_score = 0.2F;
constexpr int stride = 8;     // of the network's output
constexpr int multiple = 16;  // that its input must have
constexpr float same_place = 0.3F;

int to_multiple(double length) {
  return std::max(multiple, static_cast<int>(std::lround(length / multiple)) * multiple);
}

// An odd last row or column is left out.
cv::Mat halved(const cv::Mat& picture) {
  const cv::Size half(picture.cols / 2, picture.rows / 2);
  cv::Mat out;
  cv::resize(picture(cv::Rect(0, 0, 2 * half.width, 2 * half.height)), out, half, 0, 0, cv::INTER_AREA);
  return out;
}

}  // namespace

struct LocaliserNet::Parts {
  cv::dnn::Net net;
};

LocaliserNet::LocaliserNet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LocaliserNet::~LocaliserNet() = default;

Result<std::unique_ptr<LocaliserNet>> LocaliserNet::make(const ModelStore& models) {
  Result<cv::dnn::Net> net = load_network(models, "localiser");
  if (!net) return fail(net.error());
  return std::unique_ptr<LocaliserNet>(new LocaliserNet(std::make_unique<Parts>(Parts{*net})));
}

std::vector<PlateCandidate> LocaliserNet::search(const cv::Mat& region, double scale) {
  const cv::Size size(to_multiple(region.cols * scale), to_multiple(region.rows * scale));
  // Averaging over areas of broken pixels is slow: halving first leaves it a quarter of the picture.
  cv::Mat reduced = region;
  while (reduced.cols >= 2 * size.width && reduced.rows >= 2 * size.height)
    reduced = halved(reduced);
  cv::resize(reduced, reduced, size, 0, 0, size.width < reduced.cols ? cv::INTER_AREA : cv::INTER_LINEAR);
  parts_->net.setInput(network_input(reduced));
  const cv::Mat output = parts_->net.forward();
  const cv::Size2f cell(static_cast<float>(region.cols) * stride / static_cast<float>(size.width),
                        static_cast<float>(region.rows) * stride / static_cast<float>(size.height));
  return candidates_of(output, cell);
}

std::vector<PlateCandidate> candidates_of(const cv::Mat& output, cv::Size2f cell) {
  CV_Assert(output.dims == 4 && output.size[1] == 9 && output.type() == CV_32F);
  const int rows = output.size[2];
  const int cols = output.size[3];
  const auto plane = [&](int k) {
    return cv::Mat(rows, cols, CV_32F, const_cast<float*>(output.ptr<float>(0, k)));
  };
  const cv::Mat heat = plane(0);
  std::vector<PlateCandidate> candidates;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < cols; ++x) {
      const float score = heat.at<float>(y, x);
      if (!(score >= least_score)) continue;
      bool peak = true;
      for (int v = std::max(0, y - 1); peak && v <= std::min(rows - 1, y + 1); ++v) {
        for (int u = std::max(0, x - 1); u <= std::min(cols - 1, x + 1); ++u) {
          // Of equal neighbours the first counts.
          const float other = heat.at<float>(v, u);
          const bool before = v < y || (v == y && u < x);
          if (other > score || (other == score && before)) peak = false;
        }
      }
      if (!peak) continue;
      PlateCandidate candidate;
      candidate.score = std::min(score, 1.0F);
      for (int k = 0; k < 4; ++k) {
        candidate.quad[static_cast<std::size_t>(k)] = {
            (static_cast<float>(x) + 0.5F + plane(1 + 2 * k).at<float>(y, x)) * cell.width,
            (static_cast<float>(y) + 0.5F + plane(2 + 2 * k).at<float>(y, x)) * cell.height};
      }
      candidates.push_back(candidate);
    }
  }
  return candidates;
}

float overlap(const PlateQuad& a, const PlateQuad& b) {
  const cv::Rect2f one = bounding_box(a);
  const cv::Rect2f two = bounding_box(b);
  const float common = (one & two).area();
  const float all = one.area() + two.area() - common;
  return all > 0 ? common / all : 0;
}

void keep_each_place_once(std::vector<PlateCandidate>& candidates) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const PlateCandidate& a, const PlateCandidate& b) { return a.score > b.score; });
  std::vector<PlateCandidate> kept;
  for (const PlateCandidate& candidate : candidates) {
    const bool seen = std::any_of(kept.begin(), kept.end(), [&](const PlateCandidate& better) {
      return overlap(better.quad, candidate.quad) > same_place ||
             bounding_box(better.quad).contains(centre(candidate.quad));
    });
    if (!seen) kept.push_back(candidate);
  }
  candidates = std::move(kept);
}

}  // namespace wayside::locate
