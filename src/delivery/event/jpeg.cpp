#include "src/delivery/event/jpeg.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <turbojpeg.h>

namespace wayside {

namespace {

constexpr int largest_side_px = 16384;
constexpr int best_quality = 85;
constexpr int least_quality = 30;

struct Compressor {
  Compressor() : handle(tjInitCompress()) {}
  ~Compressor() {
    if (handle != nullptr) tjDestroy(handle);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  Result<Jpeg> compress(const cv::Mat& bgr, int quality) const {
    if (handle == nullptr)
      return fail(ErrorCode::exhausted, "the JPEG encoder could not be started: out of memory");
    unsigned char* raw = nullptr;
    unsigned long size = 0;
    const int outcome = tjCompress2(handle, bgr.data, bgr.cols, static_cast<int>(bgr.step[0]), bgr.rows,
                                    TJPF_BGR, &raw, &size, TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
    const std::unique_ptr<unsigned char, decltype(&tjFree)> owned(raw, &tjFree);
    if (outcome != 0) {
      return fail(ErrorCode::io, fmt::format("the JPEG encoder failed: {}", tjGetErrorStr2(handle)));
    }
    return Jpeg{Bytes(raw, raw + size), bgr.cols, bgr.rows};
  }

  tjhandle handle;
};

Status check(const cv::Mat& bgr) {
  if (bgr.empty()) return fail(ErrorCode::invalid_input, "the picture is missing");
  if (bgr.dims != 2 || bgr.type() != CV_8UC3) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the picture has pixel type {}; expected 8 bits in 3 channels",
                            cv::typeToString(bgr.type())));
  }
  if (bgr.cols > largest_side_px || bgr.rows > largest_side_px) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the picture is {} x {} px; expected at most {} on each side", bgr.cols, bgr.rows,
                            largest_side_px));
  }
  return {};
}

cv::Mat scaled(const cv::Mat& bgr, double factor) {
  const auto side = [factor](int length) {
    return std::max(1, static_cast<int>(std::floor(length * factor + 1e-6)));
  };
  cv::Mat smaller;
  cv::resize(bgr, smaller, {side(bgr.cols), side(bgr.rows)}, 0, 0, cv::INTER_AREA);
  return smaller;
}

// The least quality is known to fit; size falls with quality, so halving finds the best one in six steps.
Result<Jpeg> best_that_fits(const Compressor& compressor, const cv::Mat& bgr, std::size_t max_bytes,
                            Jpeg fitting) {
  int fits = least_quality;
  int too_large = best_quality + 1;
  while (too_large - fits > 1) {
    const int quality = (fits + too_large) / 2;
    auto jpeg = compressor.compress(bgr, quality);
    if (!jpeg) return jpeg;
    if (jpeg->bytes.size() <= max_bytes) {
      fits = quality;
      fitting = std::move(*jpeg);
    } else {
      too_large = quality;
    }
  }
  return fitting;
}

}  // namespace

Result<Jpeg> encode_within_size(const cv::Mat& bgr, int max_width, int max_height, int quality) {
  if (auto status = check(bgr); !status) return fail(status.error());
  const double factor =
      std::min({1.0, static_cast<double>(max_width) / bgr.cols, static_cast<double>(max_height) / bgr.rows});
  const Compressor compressor;
  return compressor.compress(factor < 1 ? scaled(bgr, factor) : bgr, quality);
}

Result<Jpeg> encode_within_bytes(const cv::Mat& bgr, std::size_t max_bytes) {
  if (auto status = check(bgr); !status) return fail(status.error());
  assert(max_bytes >= 1000);
  const Compressor compressor;
  double factor = 1;
  for (;;) {
    const cv::Mat picture = factor < 1 ? scaled(bgr, factor) : bgr;
    auto jpeg = compressor.compress(picture, least_quality);
    if (!jpeg) return jpeg;
    if (jpeg->bytes.size() <= max_bytes)
      return best_that_fits(compressor, picture, max_bytes, std::move(*jpeg));
    // Bytes go with the area: aim just below the limit, and by at least a tenth so that the search ends.
    const double wanted = std::sqrt(static_cast<double>(max_bytes) / static_cast<double>(jpeg->bytes.size()));
    factor *= std::min(0.9, wanted);
  }
}

}  // namespace wayside
