// One fixed pass with everything a record needs, and helpers to look into the record made of it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <turbojpeg.h>

#include "wayside/base/files.hpp"
#include "wayside/delivery/event/capture_record.hpp"

namespace wayside::testing {

inline cv::Mat noise_picture(int width, int height) {
  cv::Mat picture(height, width, CV_8UC3);
  cv::RNG random(7);
  random.fill(picture, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

inline FrameInfo frame_at(std::uint64_t number, std::int64_t utc_ms) {
  FrameInfo info;
  info.number = FrameNumber(number);
  info.utc.ms = utc_ms;
  return info;
}

inline VehiclePass example_pass() {
  VehiclePass pass;
  pass.number = PassNumber(7);
  pass.vrm = "AB12CDE";
  pass.confidence = 0.97314F;
  pass.character_confidences = {0.999F, 0.99F, 1.0F, 0.98768F, 0.9F, 0.97F, 0.3F};
  pass.alternatives = {{"AB12CDF", 0.0213F}, {"A812CDE", 0.001F}};
  pass.format = "current";
  pass.lines = 1;
  pass.direction = Direction::towards;
  pass.lane = 2;
  pass.quad = {cv::Point2f(600.04F, 400.06F), {720.5F, 401}, {720.3F, 427.25F}, {-0.04F, 426.1F}};
  pass.first_frame = frame_at(100, 1'780'000'000'000);
  pass.best_frame = frame_at(108, 1'780'000'000'320);
  pass.best_frame.monotonic = {1'320'000'000};
  pass.last_frame = frame_at(112, 1'780'000'000'480);
  pass.frame_width = 1280;
  pass.frame_height = 720;
  pass.reads_used = 11;
  pass.reads_rejected = 2;
  pass.evidence.plate_patch_bgr = cv::Mat(26, 120, CV_8UC3, cv::Scalar(200, 210, 220));
  pass.evidence.overview_bgr = std::make_shared<const cv::Mat>(450, 800, CV_8UC3, cv::Scalar(90, 100, 110));
  return pass;
}

inline RecordOrigin example_origin() {
  RecordOrigin origin;
  origin.device_id = "0123456789abcdef";
  origin.site_name = "A1 north, gantry \"7\"";
  origin.feed_id = 1;
  origin.source_id = 22;
  origin.camera_id = 333;
  origin.latitude = 54.97828;
  origin.longitude = -1.6177801;
  origin.firmware_version = "0.1.0";
  origin.model_version = "eng";
  origin.configuration_version = "fedcba9876543210";
  return origin;
}

inline TimeQuality example_time() {
  return {TimeSource::ntp, 12, 64, "00112233445566778899aabbccddeeff"};
}

// The file the back office is built with.
inline nlohmann::json schema_document() {
  const char* root = std::getenv("WAYSIDE_SOURCE_DIR");
  if (root == nullptr) throw std::runtime_error("WAYSIDE_SOURCE_DIR is not set: run the tests with ctest");
  const auto text = read_text_file(std::filesystem::path(root) /
                                   "include/wayside/delivery/event/capture_record.schema.json");
  if (!text) throw std::runtime_error(text.error().message);
  return nlohmann::json::parse(*text);
}

// Decodes for real; an empty picture where the bytes are no JPEG.
inline cv::Mat decoded(const Bytes& jpeg, int* subsampling = nullptr) {
  const std::unique_ptr<void, decltype(&tjDestroy)> handle(tjInitDecompress(), &tjDestroy);
  int width = 0, height = 0, chroma = -1, colours = 0;
  if (tjDecompressHeader3(handle.get(), jpeg.data(), jpeg.size(), &width, &height, &chroma, &colours) != 0)
    return {};
  cv::Mat picture(height, width, CV_8UC3);
  if (tjDecompress2(handle.get(), jpeg.data(), jpeg.size(), picture.data, width, 0, height, TJPF_BGR, 0) != 0)
    return {};
  if (subsampling != nullptr) *subsampling = chroma;
  return picture;
}

}  // namespace wayside::testing
