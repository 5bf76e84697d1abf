// The capture record: what leaves the camera for one pass, as a JSON document and two JPEG pictures.
//
// Threads: pure; one encoder a thread. The document's form is capture_record.schema.json beside this header, version 1;
// a document is encoded with sorted keys and no white space, so equal passes give equal bytes.
// There is no speed in it and no field that a speed could be put into: the schema closes every object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wayside/anpr/track/vehicle_pass.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

// What every record of one camera has in common; changes only with the configuration.
struct RecordOrigin {
  std::string device_id;  // from the device's identity
  std::string site_name;
  std::uint32_t feed_id = 0;
  std::uint32_t source_id = 0;
  std::uint32_t camera_id = 0;
  std::optional<double> latitude;   // degrees, WGS 84, north positive
  std::optional<double> longitude;  // degrees, WGS 84, east positive
  std::string firmware_version;
  std::string model_version;          // "eng" or the manifest's version
  std::string configuration_version;  // sha256 of the running configuration, first 16 hex digits
};

struct EncodedRecord {
  std::string document;   // JSON; names the pictures by SHA-256 and size
  Bytes plate_jpeg;       // <= 120 x 60 px
  Bytes overview_jpeg;    // <= 25,000 bytes
};

inline constexpr int plate_max_width_px = 120;
inline constexpr int plate_max_height_px = 60;
inline constexpr std::size_t overview_max_bytes = 25'000;

// Fails with invalid_input where a picture is missing or empty, exhausted where no quality fits the overview's limit.
[[nodiscard]] Result<EncodedRecord> encode_record(const VehiclePass& pass, const RecordOrigin& origin,
                                                  const TimeQuality& time);

}  // namespace wayside
