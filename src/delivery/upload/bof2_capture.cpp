#include "src/delivery/upload/bof2_capture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/time.hpp"

#include "src/delivery/upload/bof2_names.hpp"

namespace wayside::upload::bof2 {

namespace {

using Json = nlohmann::json;

WipedBytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

tl::unexpected<Error> wrong(std::string_view field, std::string_view expected) {
  return fail(ErrorCode::invalid_input, fmt::format("field {} must be {}", field, expected));
}

// A value that the JSON library handed over goes no further than this function.
bool take_vrm(const Json& json, WipedBytes& out) {
  const auto it = json.find("vrm");
  if (it == json.end() || !it->is_string()) return false;
  const auto& text = it->get_ref<const std::string&>();
  const bool good = !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  if (good) out = bytes_of(text);
  return good;
}

bool take_id(const Json& site, const char* name, std::uint32_t& out) {
  const auto it = site.find(name);
  if (it == site.end() || !it->is_number_unsigned()) return false;
  const auto number = it->get<std::uint64_t>();
  if (number > std::numeric_limits<std::uint32_t>::max()) return false;
  out = static_cast<std::uint32_t>(number);
  return true;
}

bool take_degrees(const Json& site, const char* name, double most, std::optional<double>& out) {
  const auto it = site.find(name);
  if (it == site.end()) return true;
  if (!it->is_number()) return false;
  const auto degrees = it->get<double>();
  if (!std::isfinite(degrees) || std::abs(degrees) > most) return false;
  out = degrees;
  return true;
}

std::optional<WipedBytes> degrees_text(const std::optional<double>& degrees) {
  if (!degrees) return std::nullopt;
  return bytes_of(fmt::format("{:.6f}", *degrees));
}

// Overwrites every text in it: the library itself would not.
void wipe_texts(Json& json) {
  if (json.is_string()) wipe(json.get_ref<std::string&>());
  if (json.is_structured()) {
    for (Json& each : json)
      wipe_texts(each);
  }
}

Result<Capture> take(const Json& json) {
  if (!json.is_object()) return fail(ErrorCode::invalid_input, "the document is no JSON object");
  Capture capture;
  const Json site = json.value("site", Json());
  const Json time = json.value("time", Json());
  if (!take_vrm(json, capture.vrm)) return wrong("vrm", "1 to 16 capital letters and digits");
  if (!site.is_object()) return wrong("site", "an object");
  if (!take_id(site, "feed_id", capture.feed_id)) return wrong("site.feed_id", "a whole number of 32 bits");
  if (!take_id(site, "source_id", capture.source_id))
    return wrong("site.source_id", "a whole number of 32 bits");
  if (!take_id(site, "camera_id", capture.camera_id))
    return wrong("site.camera_id", "a whole number of 32 bits");
  if (!take_degrees(site, "latitude", 90, capture.latitude) ||
      !take_degrees(site, "longitude", 180, capture.longitude) ||
      capture.latitude.has_value() != capture.longitude.has_value())
    return wrong("site.latitude", "degrees, and there with site.longitude or not at all");
  const auto at = time.is_object() ? time.find("captured_at") : time.end();
  if (!time.is_object() || at == time.end() || !at->is_string() ||
      !utc_from_iso8601(at->get_ref<const std::string&>()))
    return wrong("time.captured_at", "a time in UTC, as in 2026-11-22T17:35:40.123Z");
  capture.captured_at = to_iso8601(*utc_from_iso8601(at->get_ref<const std::string&>()));
  const auto confidence = json.find("confidence");
  if (confidence == json.end() || !confidence->is_number() || !(confidence->get<double>() >= 0) ||
      confidence->get<double>() > 1)
    return wrong("confidence", "a number from 0 to 1");
  // Down, so that 100 is said of nothing but certainty; 0.57 has to stay 57 for all that.
  capture.confidence_percent = static_cast<int>(std::floor(confidence->get<double>() * 100 + 1e-9));
  const auto towards = json.find("motion_towards_camera");
  if (towards != json.end() && !towards->is_null()) {
    if (!towards->is_boolean()) return wrong("motion_towards_camera", "true, false or null");
    capture.towards_camera = towards->get<bool>();
  }
  return capture;
}

}  // namespace

Result<Capture> capture_from(ByteView document) {
  Json json = Json::parse(document.begin(), document.end(), nullptr, false);
  Result<Capture> capture = take(json);
  wipe_texts(json);
  return capture;
}

std::vector<Field> capture_fields(const Capture& capture, const Sender& sender) {
  const auto number = [](std::uint32_t id) { return bytes_of(std::to_string(id)); };
  std::optional<WipedBytes> towards;
  if (capture.towards_camera) towards = bytes_of(*capture.towards_camera ? "true" : "false");
  return {{signature.text, sender.signature},
          {username.text, bytes_of(sender.username)},
          {vrm.text, capture.vrm},
          {feed_id.text, number(capture.feed_id)},
          {source_id.text, number(capture.source_id)},
          {camera_id.text, number(capture.camera_id)},
          {capture_date.text, bytes_of(capture.captured_at)},
          {latitude.text, degrees_text(capture.latitude)},
          {longitude.text, degrees_text(capture.longitude)},
          // This camera is fixed: it has no preset to name.
          {camera_preset_position.text, std::nullopt},
          {camera_pan.text, std::nullopt},
          {camera_tilt.text, std::nullopt},
          {camera_zoom.text, std::nullopt},
          {confidence_percentage.text, bytes_of(std::to_string(capture.confidence_percent))},
          {motion_toward_camera.text, std::move(towards)}};
}

WipedBytes capture_line(const Capture& capture, const Sender& sender) {
  WipedBytes line;
  for (const Field& field : capture_fields(capture, sender)) {
    if (field.name != signature.text) line.push_back('|');
    if (field.value) line.insert(line.end(), field.value->begin(), field.value->end());
  }
  return line;
}

std::vector<Field> picture_fields(const Capture& capture, const Sender& sender) {
  return {{signature.text, sender.signature},
          {username.text, bytes_of(sender.username)},
          {binary_vrm.text, capture.vrm},
          {binary_feed.text, bytes_of(std::to_string(capture.feed_id))},
          {binary_source.text, bytes_of(std::to_string(capture.source_id))},
          {binary_camera.text, bytes_of(std::to_string(capture.camera_id))},
          {binary_time.text, bytes_of(capture.captured_at)}};
}

}  // namespace wayside::upload::bof2
