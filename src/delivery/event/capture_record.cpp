#include "wayside/delivery/event/capture_record.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/delivery/event/jpeg.hpp"
#include "src/delivery/event/record_check.hpp"
#include "src/delivery/event/record_value.hpp"

namespace wayside {

namespace {

using nlohmann::json;

constexpr int plate_quality = 90;

double share(float confidence) {
  return rounded(static_cast<double>(confidence), 1e4);
}
double pixels(float length) {
  return rounded(static_cast<double>(length), 10);
}
double degrees(double angle) {
  return rounded(angle, 1e6);
}

json site_of(const RecordOrigin& origin) {
  json site = {{"name", origin.site_name},
               {"feed_id", origin.feed_id},
               {"source_id", origin.source_id},
               {"camera_id", origin.camera_id}};
  if (origin.latitude) site["latitude"] = degrees(*origin.latitude);
  if (origin.longitude) site["longitude"] = degrees(*origin.longitude);
  return site;
}

json characters_of(const VehiclePass& pass) {
  json characters = json::array();
  for (std::size_t i = 0; i < pass.vrm.size(); ++i) {
    characters.push_back(
        {{"character", pass.vrm.substr(i, 1)}, {"confidence", share(pass.character_confidences[i])}});
  }
  return characters;
}

json alternatives_of(const VehiclePass& pass) {
  json alternatives = json::array();
  for (const VrmAlternative& other : pass.alternatives) {
    alternatives.push_back({{"vrm", other.vrm}, {"confidence", share(other.confidence)}});
  }
  return alternatives;
}

json corners_of(const PlateQuad& quad) {
  json corners = json::array();
  for (const cv::Point2f& corner : quad)
    corners.push_back(json::array({pixels(corner.x), pixels(corner.y)}));
  return corners;
}

json motion_towards_camera(Direction direction) {
  if (direction == Direction::unknown) return nullptr;
  return direction == Direction::towards;
}

json frame_of(const FrameInfo& frame) {
  return {{"number", frame.number.value()}, {"time", to_iso8601(frame.utc)}};
}

json picture_of(const Jpeg& jpeg) {
  return {{"sha256", to_hex(sha256(jpeg.bytes))},
          {"bytes", jpeg.bytes.size()},
          {"width", jpeg.width},
          {"height", jpeg.height}};
}

json time_of(const VehiclePass& pass, const TimeQuality& time) {
  json said = {{"captured_at", to_iso8601(pass.best_frame.utc)},
               {"source", to_string(time.source)},
               {"max_error_ms", value_or_null(time.max_error_ms)},
               {"synchronised_ago_s", value_or_null(time.synchronised_ago_s)}};
  if (time.boot_id) {
    said["boot_id"] = *time.boot_id;
    said["monotonic_ms"] = pass.best_frame.monotonic.ns / 1'000'000;
  }
  if (time.redated_from) said["redated_from"] = to_iso8601(*time.redated_from);
  return said;
}

json hits_of(std::span<const RecordHit> hits) {
  json all = json::array();
  for (const RecordHit& hit : hits) {
    json one = {{"list", hit.list},     {"revision", hit.revision},
                {"entry", hit.entry},   {"pnc_id", hit.pnc_id},
                {"match", hit.match},   {"vrm", hit.vrm},
                {"differing", nullptr}, {"probability", rounded(hit.probability, 1e4)}};
    if (hit.differing) one["differing"] = *hit.differing;
    all.push_back(std::move(one));
  }
  return all;
}

json document_of(const VehiclePass& pass, const RecordOrigin& origin, const TimeQuality& time,
                 const Jpeg& plate, const Jpeg& overview) {
  return {
      {"version", record_version},
      {"device_id", origin.device_id},
      {"site", site_of(origin)},
      {"vrm", pass.vrm},
      {"confidence", share(pass.confidence)},
      {"characters", characters_of(pass)},
      {"alternatives", alternatives_of(pass)},
      {"format", pass.format},
      {"lines", pass.lines},
      {"quad", corners_of(pass.quad)},
      {"frame_size", {{"width", pass.frame_width}, {"height", pass.frame_height}}},
      {"direction", to_string(pass.direction)},
      {"motion_towards_camera", motion_towards_camera(pass.direction)},
      {"lane", value_or_null(pass.lane)},
      {"frames",
       {{"first", frame_of(pass.first_frame)},
        {"best", frame_of(pass.best_frame)},
        {"last", frame_of(pass.last_frame)}}},
      {"reads", {{"used", pass.reads_used}, {"rejected", pass.reads_rejected}}},
      {"time", time_of(pass, time)},
      {"images", {{"plate", picture_of(plate)}, {"overview", picture_of(overview)}}},
      {"firmware", origin.firmware_version},
      {"model", origin.model_version},
      {"configuration", origin.configuration_version},
  };
}

Result<EncodedRecord> encode(const VehiclePass& pass, const RecordOrigin& origin, const TimeQuality& time,
                             std::span<const RecordHit> hits) {
  if (auto status = check_pass(pass); !status) return fail(status.error());
  if (auto status = check_origin(origin); !status) return fail(status.error());
  if (auto status = check_time(time); !status) return fail(status.error());
  if (auto status = check_hits(hits, pass); !status) return fail(status.error());
  auto plate = encode_within_size(pass.evidence.plate_patch_bgr, plate_max_width_px, plate_max_height_px,
                                  plate_quality);
  if (!plate) return fail(plate.error().context("plate patch"));
  auto overview = encode_within_bytes(pass.evidence.overview_bgr ? *pass.evidence.overview_bgr : cv::Mat(),
                                      overview_max_bytes);
  if (!overview) return fail(overview.error().context("overview"));
  try {
    json document = document_of(pass, origin, time, *plate, *overview);
    if (!hits.empty()) document["hits"] = hits_of(hits);
    return EncodedRecord{document.dump(), std::move(plate->bytes), std::move(overview->bytes)};
  } catch (const json::exception&) {
    return fail(ErrorCode::invalid_input,
                "site_name, firmware_version, model_version or a hit's pnc_id is no valid UTF-8; write it in "
                "UTF-8 in the configuration");
  }
}

}  // namespace

Result<EncodedRecord> encode_record(const VehiclePass& pass, const RecordOrigin& origin,
                                    const TimeQuality& time, std::span<const RecordHit> hits) {
  auto record = encode(pass, origin, time, hits);
  if (!record) return fail(record.error().context(fmt::format("pass {}", pass.number.value())));
  return record;
}

}  // namespace wayside
