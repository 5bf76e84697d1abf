#include "src/delivery/event/record_check.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace wayside {

namespace {

constexpr std::size_t longest_vrm = 16;
constexpr std::size_t most_alternatives = 4;
constexpr float farthest_corner_px = 32768;
constexpr std::int64_t last_ms_of_year_9999 = 253'402'300'799'999;

Status wrong(std::string message) {
  return fail(ErrorCode::invalid_input, std::move(message));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_vrm(std::string_view text) {
  return !text.empty() && text.size() <= longest_vrm &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

bool is_hex16(std::string_view text) {
  return text.size() == 16 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_format(std::string_view text) {
  return !text.empty() && text.size() <= 32 && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-'; });
}

// False for not-a-number too.
bool is_share(float value) {
  return value >= 0 && value <= 1;
}

bool is_within(double value, double limit) {
  return std::abs(value) <= limit;
}

// JSON Schema counts characters, not bytes.
std::size_t characters_in(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

Status check_label(std::string_view field, std::string_view text, std::size_t longest) {
  if (text.empty() || characters_in(text) > longest) {
    return wrong(fmt::format("{} has {} characters; expected 1 to {}", field, characters_in(text), longest));
  }
  return {};
}

Status check_votes(const VehiclePass& pass) {
  constexpr auto vrm_form = "expected 1 to 16 capital letters A-Z and digits 0-9";
  constexpr auto share_form = "expected a number from 0 to 1";
  if (!is_vrm(pass.vrm)) return wrong(fmt::format("vrm is not of the form; {}", vrm_form));
  if (!is_share(pass.confidence))
    return wrong(fmt::format("confidence is {}; {}", pass.confidence, share_form));
  if (pass.character_confidences.size() != pass.vrm.size()) {
    return wrong(
        fmt::format("character_confidences has {} entries; expected one for each of the {} characters of vrm",
                    pass.character_confidences.size(), pass.vrm.size()));
  }
  for (const float confidence : pass.character_confidences) {
    if (!is_share(confidence))
      return wrong(fmt::format("character_confidences holds {}; {}", confidence, share_form));
  }
  if (pass.alternatives.size() > most_alternatives) {
    return wrong(fmt::format("alternatives has {} entries; expected at most {}", pass.alternatives.size(),
                             most_alternatives));
  }
  for (const VrmAlternative& other : pass.alternatives) {
    if (!is_vrm(other.vrm))
      return wrong(fmt::format("alternatives holds a vrm that is not of the form; {}", vrm_form));
    if (!is_share(other.confidence)) {
      return wrong(fmt::format("alternatives holds confidence {}; {}", other.confidence, share_form));
    }
  }
  return {};
}

Status check_frames(const VehiclePass& pass) {
  for (const FrameInfo* frame : {&pass.first_frame, &pass.best_frame, &pass.last_frame}) {
    if (frame->utc.ms < 0 || frame->utc.ms > last_ms_of_year_9999) {
      return wrong(fmt::format("frame {} has UTC time {} ms; expected a time from 1970 to 9999",
                               frame->number.value(), frame->utc.ms));
    }
  }
  if (pass.first_frame.number > pass.best_frame.number || pass.best_frame.number > pass.last_frame.number) {
    return wrong(fmt::format("frames are first {}, best {}, last {}; expected them in this order",
                             pass.first_frame.number.value(), pass.best_frame.number.value(),
                             pass.last_frame.number.value()));
  }
  return {};
}

Status check_place_in_frame(const VehiclePass& pass) {
  for (const cv::Point2f& corner : pass.quad) {
    if (!is_within(corner.x, farthest_corner_px) || !is_within(corner.y, farthest_corner_px)) {
      return wrong(fmt::format("quad has a corner at {}, {}; expected pixels from {} to {}", corner.x,
                               corner.y, -farthest_corner_px, farthest_corner_px));
    }
  }
  for (const int side : {pass.frame_width, pass.frame_height}) {
    if (side < 1 || side > 16384) {
      return wrong(fmt::format("the frame is {} x {} px; expected 1 to 16384 on each side", pass.frame_width,
                               pass.frame_height));
    }
  }
  if (pass.lane && (*pass.lane < 0 || *pass.lane > 255)) {
    return wrong(fmt::format("lane is {}; expected 0 to 255", *pass.lane));
  }
  return {};
}

}  // namespace

Status check_pass(const VehiclePass& pass) {
  if (auto status = check_votes(pass); !status) return status;
  if (auto status = check_frames(pass); !status) return status;
  if (auto status = check_place_in_frame(pass); !status) return status;
  if (!is_format(pass.format))
    return wrong("format is not a name; expected 1 to 32 of a-z, 0-9, _ and -, a letter first");
  if (pass.lines < 1 || pass.lines > 2) return wrong(fmt::format("lines is {}; expected 1 or 2", pass.lines));
  if (pass.reads_used < 1) return wrong("reads_used is 0; expected at least 1");
  return {};
}

Status check_origin(const RecordOrigin& origin) {
  if (!is_hex16(origin.device_id))
    return wrong("device_id is not of the form; expected 16 lower case hex digits");
  if (!is_hex16(origin.configuration_version)) {
    return wrong("configuration_version is not of the form; expected 16 lower case hex digits");
  }
  if (auto status = check_label("site_name", origin.site_name, 128); !status) return status;
  if (auto status = check_label("firmware_version", origin.firmware_version, 64); !status) return status;
  if (auto status = check_label("model_version", origin.model_version, 64); !status) return status;
  if (origin.latitude.has_value() != origin.longitude.has_value()) {
    return wrong("one of latitude and longitude is missing; give both or neither");
  }
  if (origin.latitude && !(is_within(*origin.latitude, 90) && is_within(*origin.longitude, 180))) {
    return wrong(fmt::format("latitude is {}, longitude {}; expected -90 to 90 and -180 to 180 degrees",
                             *origin.latitude, *origin.longitude));
  }
  return {};
}

Status check_hits(std::span<const RecordHit> hits, const VehiclePass& pass) {
  constexpr std::array<std::string_view, 4> matches = {"exact", "same_glyphs", "one_character", "wildcard"};
  if (hits.size() > most_record_hits)
    return wrong(fmt::format("hits has {} entries; expected at most {}", hits.size(), most_record_hits));
  for (const RecordHit& hit : hits) {
    const bool is_list = !hit.list.empty() && hit.list.size() <= 64 &&
                         std::all_of(hit.list.begin(), hit.list.end(), [](char c) {
                           return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
                         });
    if (!is_list || hit.revision == 0) return wrong("hits names no list at a revision");
    if (characters_in(hit.pnc_id) > 200) return wrong("hits has a pnc_id of more than 200 characters");
    if (std::find(matches.begin(), matches.end(), hit.match) == matches.end())
      return wrong("hits says of no match that is known how it matched");
    const bool read_so =
        hit.vrm == pass.vrm || std::any_of(pass.alternatives.begin(), pass.alternatives.end(),
                                           [&](const auto& one) { return one.vrm == hit.vrm; });
    if (!read_so) return wrong("hits has a vrm that is neither that of the pass nor one of its alternatives");
    if (hit.differing.has_value() != (hit.match == "one_character") || hit.differing.value_or(0) < 0 ||
        hit.differing.value_or(0) >= static_cast<int>(hit.vrm.size()))
      return wrong("hits has a differing place that is none of the vrm's, or lacks one");
    if (!(hit.probability >= 0 && hit.probability <= 1))
      return wrong(fmt::format("hits has probability {}; expected a number from 0 to 1", hit.probability));
  }
  return {};
}

Status check_time(const TimeQuality& time) {
  if (time.max_error_ms.value_or(0) < 0) {
    return wrong(fmt::format("max_error_ms is {}; expected 0 or more", *time.max_error_ms));
  }
  if (time.synchronised_ago_s.value_or(0) < 0) {
    return wrong(fmt::format("synchronised_ago_s is {}; expected 0 or more", *time.synchronised_ago_s));
  }
  if (time.boot_id && (time.boot_id->size() != 32 ||
                       time.boot_id->find_first_not_of("0123456789abcdef") != std::string::npos)) {
    return wrong("boot_id is not 32 lower case hex digits");
  }
  return {};
}

}  // namespace wayside
