// A capture record as the police service knows one (bof2.md), and the fields of its calls.
//
// Threads: plain values, pure functions. What they hold is personal data: wiped when it goes. Failure:
// invalid_input naming the field, never its value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/wiped.hpp"

namespace wayside::upload::bof2 {

struct Capture {
  WipedBytes vrm;
  std::uint32_t feed_id = 0;
  std::uint32_t source_id = 0;
  std::uint32_t camera_id = 0;
  std::string captured_at;         // ISO 8601, UTC, milliseconds
  std::optional<double> latitude;  // both or neither
  std::optional<double> longitude;
  int confidence_percent = 0;
  std::optional<bool> towards_camera;
};

// Of a capture record's document (capture_record.schema.json).
[[nodiscard]] Result<Capture> capture_from(ByteView document);

// Who sends; neither may hold a '|' or a character that XML 1.0 does not know.
struct Sender {
  std::string username;
  WipedBytes signature;
};

// A parameter of a call: its element's name and its value; nothing where the record does not say.
struct Field {
  std::string_view name;
  std::optional<WipedBytes> value;
};
// The parameters of sendCapture in their order, without the images.
[[nodiscard]] std::vector<Field> capture_fields(const Capture& capture, const Sender& sender);
// The same as one line of a sendCompoundCapture: the values, '|' between them.
[[nodiscard]] WipedBytes capture_line(const Capture& capture, const Sender& sender);
// The parameters of addBinaryCaptureData up to the picture, which binaryImage and binaryDataType follow.
[[nodiscard]] std::vector<Field> picture_fields(const Capture& capture, const Sender& sender);

}  // namespace wayside::upload::bof2
