// The capture record: what leaves the camera for one pass, as a JSON document and two JPEG pictures.
//
// Threads: pure; any thread. The document's form is capture_record.schema.json beside this header, version 1,
// which the back office validates against too. It is encoded with sorted keys, no white space and rounded
// numbers (confidences to 0.0001, corners to 0.1 px, degrees to 0.000001), so equal passes give equal bytes.
// There is no speed in it and no field that a speed could be put into: the schema closes every object.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wayside/anpr/track/vehicle_pass.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

// What every record of one camera has in common; changes only with the configuration.
struct RecordOrigin {
  std::string device_id;  // from the device's identity: 16 hex digits
  std::string site_name;
  std::uint32_t feed_id = 0;
  std::uint32_t source_id = 0;
  std::uint32_t camera_id = 0;
  std::optional<double> latitude;   // degrees, WGS 84, north positive; both or neither
  std::optional<double> longitude;  // degrees, WGS 84, east positive
  std::string firmware_version;
  std::string model_version;          // of the models' manifest
  std::string configuration_version;  // sha256 of the running configuration, first 16 hex digits
};

// That the pass fits an entry of a VOI list. Never proof: a person looks at the picture first. Which entry is
// said by its id, and by where its line begins in the list at that revision; nothing else of it is here.
struct RecordHit {
  std::string list;
  std::uint64_t revision = 0;
  std::uint64_t entry = 0;       // byte among the list's lines, from 0
  std::string pnc_id;            // may be empty
  std::string_view match;        // exact, same_glyphs, one_character or wildcard
  std::string vrm;               // what matched: that of the pass, or one of its alternatives
  std::optional<int> differing;  // of one_character: the place that differs, from 0
  double probability = 0;        // that the vehicle bears a VRM the entry asks for
};
inline constexpr std::size_t most_record_hits = 32;

struct EncodedRecord {
  std::string document;  // JSON; names the pictures by SHA-256 and size
  Bytes plate_jpeg;      // <= 120 x 60 px
  Bytes overview_jpeg;   // <= 25,000 bytes
};

inline constexpr int record_version = 1;
inline constexpr int plate_max_width_px = 120;
inline constexpr int plate_max_height_px = 60;
inline constexpr std::size_t overview_max_bytes = 25'000;

// Fails with invalid_input, naming pass, field and expected form, where a picture is missing or not CV_8UC3,
// or where a value has no place in the document (not finite, out of range, a VRM with anything but A-Z and
// 0-9). What fails the schema is never encoded. The overview always fits: quality goes down first, then size.
// hits: the likeliest first, at most most_record_hits; none are no field of the document.
[[nodiscard]] Result<EncodedRecord> encode_record(const VehiclePass& pass, const RecordOrigin& origin,
                                                  const TimeQuality& time,
                                                  std::span<const RecordHit> hits = {});

}  // namespace wayside
