#include "drivers/capture_link/messages.hpp"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

#include "wayside/base/little_endian.hpp"

namespace wayside::capture_link {

namespace {

enum class Kind : std::uint8_t {
  stream = 1,
  slot = 2,
  frame_ready = 3,
  skipped = 4,
  trouble = 5,
  give_back = 17,
  controls = 18,
};

class Writer {
 public:
  explicit Writer(Kind kind) { put(static_cast<std::uint8_t>(kind)); }
  template <class Number>
  void put(Number number) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof number);
    little_endian::put(std::span(bytes_), at, static_cast<std::make_unsigned_t<Number>>(number));
  }
  void put(const std::string& text) {
    const auto length = static_cast<std::uint8_t>(std::min(text.size(), most_text_bytes));
    put(length);
    bytes_.insert(bytes_.end(), text.begin(), text.begin() + length);
  }
  void put(std::optional<std::int32_t> number) { put(number.value_or(-1)); }
  void put(const std::optional<Range>& range) {
    put(range ? range->least : -1);
    put(range ? range->most : -1);
  }
  void put(const Plane& plane) {
    put(plane.part);
    put(plane.offset);
    put(plane.stride);
  }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Once something was missing or out of its range, good() stays false and the rest is 0.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  template <class Number>
  Number number(std::uint64_t least = 0,
                std::uint64_t most = std::numeric_limits<std::make_unsigned_t<Number>>::max()) {
    if (left_.size() < sizeof(Number)) {
      spoil();
      return {};
    }
    const auto raw = little_endian::get<std::make_unsigned_t<Number>>(left_, 0);
    left_ = left_.subspan(sizeof(Number));
    if (raw < least || raw > most) {
      spoil();
      return {};
    }
    return static_cast<Number>(raw);
  }
  std::string text() {
    const std::size_t length = number<std::uint8_t>();
    if (left_.size() < length) {
      spoil();
      return {};
    }
    std::string text(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(length));
    left_ = left_.subspan(length);
    return text;
  }
  std::optional<std::int32_t> optional_number() {
    const auto raw = number<std::int32_t>();
    if (raw < -1) spoil();
    return raw < 0 ? std::nullopt : std::optional(raw);
  }
  std::optional<Range> optional_range() {
    const auto least = optional_number();
    const auto most = optional_number();
    expect(least.has_value() == most.has_value() && least.value_or(0) <= most.value_or(0));
    return least && most ? std::optional(Range{*least, *most}) : std::nullopt;
  }
  Plane plane() {
    Plane plane;
    plane.part = number<std::uint8_t>(0, most_parts - 1);
    plane.offset = number<std::uint32_t>(0, most_part_bytes);
    plane.stride = number<std::uint32_t>(0, most_part_bytes);
    return plane;
  }
  void expect(bool holds) {
    if (!holds) spoil();
  }
  [[nodiscard]] bool good() const { return good_ && left_.empty(); }

 private:
  void spoil() {
    good_ = false;
    left_ = {};
  }

  ByteView left_;
  bool good_ = true;
};

void put(Writer& out, const Picture& picture) {
  out.put(picture.width);
  out.put(picture.height);
  out.put(picture.luma);
  out.put(static_cast<std::uint8_t>(picture.chroma));
  out.put(picture.chroma_width);
  out.put(picture.chroma_height);
  out.put(picture.first);
  out.put(picture.second);
}

Picture picture_from(Reader& in) {
  Picture picture;
  picture.width = in.number<std::uint32_t>(least_side_px, most_side_px);
  picture.height = in.number<std::uint32_t>(least_side_px, most_side_px);
  picture.luma = in.plane();
  picture.chroma = static_cast<Chroma>(in.number<std::uint8_t>(0, 2));
  picture.chroma_width = in.number<std::uint32_t>(0, picture.width);
  picture.chroma_height = in.number<std::uint32_t>(0, picture.height);
  picture.first = in.plane();
  picture.second = in.plane();
  in.expect(lies_within(picture.luma, picture.width, picture.height, most_part_bytes));
  if (picture.chroma == Chroma::none) {
    in.expect(picture.chroma_width == 0 && picture.chroma_height == 0 && picture.first == Plane{} &&
              picture.second == Plane{});
    return picture;
  }
  in.expect(picture.chroma_width > 0 && picture.chroma_height > 0);
  const bool interleaved = picture.chroma == Chroma::interleaved;
  in.expect(!interleaved || picture.first == picture.second);
  const std::uint64_t row_bytes = std::uint64_t{picture.chroma_width} * (interleaved ? 2 : 1);
  for (const Plane& plane : {picture.first, picture.second})
    in.expect(lies_within(plane, row_bytes, picture.chroma_height, most_part_bytes));
  return picture;
}

Message stream_from(Reader& in) {
  in.expect(in.number<std::uint16_t>() == protocol_version);
  Stream stream;
  stream.width = in.number<std::uint32_t>(least_side_px, most_side_px);
  stream.height = in.number<std::uint32_t>(least_side_px, most_side_px);
  stream.slots = in.number<std::uint8_t>(1, most_slots);
  stream.in_place = in.number<std::uint8_t>(0, 1) == 1;
  stream.format = in.text();
  stream.id = in.text();
  stream.model = in.text();
  stream.exposure_us = in.optional_range();
  stream.gain_thousandths = in.optional_range();
  return stream;
}

Message slot_from(Reader& in) {
  Slot slot;
  slot.number = in.number<std::uint8_t>(0, most_slots - 1);
  slot.parts = in.number<std::uint8_t>(1, most_parts);
  for (std::size_t part = 0; part < most_parts; ++part) {
    const bool there = part < slot.parts;
    slot.bytes[part] = in.number<std::uint64_t>(there ? 1 : 0, there ? most_part_bytes : 0);
  }
  return slot;
}

Message frame_from(Reader& in) {
  FrameReady frame;
  frame.slot = in.number<std::uint8_t>(0, most_slots - 1);
  frame.sequence = in.number<std::uint32_t>();
  frame.timestamp_ns =
      in.number<std::int64_t>(0, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  frame.exposure_us = in.optional_number();
  frame.gain_thousandths = in.optional_number();
  frame.picture = picture_from(in);
  return frame;
}

Message skipped_from(Reader& in) {
  Skipped skipped;
  skipped.sequence = in.number<std::uint32_t>();
  skipped.reason = static_cast<SkipReason>(in.number<std::uint8_t>(1, 3));
  return skipped;
}

Message trouble_from(Reader& in) {
  Trouble trouble;
  trouble.kind = static_cast<TroubleKind>(in.number<std::uint8_t>(1, 6));
  trouble.text = in.text();
  return trouble;
}

struct Encoder {
  Bytes operator()(const Stream& stream) const {
    Writer out(Kind::stream);
    out.put(protocol_version);
    out.put(stream.width);
    out.put(stream.height);
    out.put(stream.slots);
    out.put(static_cast<std::uint8_t>(stream.in_place ? 1 : 0));
    out.put(stream.format);
    out.put(stream.id);
    out.put(stream.model);
    out.put(stream.exposure_us);
    out.put(stream.gain_thousandths);
    return out.take();
  }
  Bytes operator()(const Slot& slot) const {
    Writer out(Kind::slot);
    out.put(slot.number);
    out.put(slot.parts);
    for (const std::uint64_t bytes : slot.bytes)
      out.put(bytes);
    return out.take();
  }
  Bytes operator()(const FrameReady& frame) const {
    Writer out(Kind::frame_ready);
    out.put(frame.slot);
    out.put(frame.sequence);
    out.put(frame.timestamp_ns);
    out.put(frame.exposure_us);
    out.put(frame.gain_thousandths);
    put(out, frame.picture);
    return out.take();
  }
  Bytes operator()(const Skipped& skipped) const {
    Writer out(Kind::skipped);
    out.put(skipped.sequence);
    out.put(static_cast<std::uint8_t>(skipped.reason));
    return out.take();
  }
  Bytes operator()(const Trouble& trouble) const {
    Writer out(Kind::trouble);
    out.put(static_cast<std::uint8_t>(trouble.kind));
    out.put(trouble.text);
    return out.take();
  }
  Bytes operator()(const Return& returned) const {
    Writer out(Kind::give_back);
    out.put(returned.slot);
    return out.take();
  }
  Bytes operator()(const Controls& controls) const {
    Writer out(Kind::controls);
    out.put(controls.exposure_us);
    out.put(controls.gain_thousandths);
    return out.take();
  }
};

Message message_from(Kind kind, Reader& in) {
  switch (kind) {
    case Kind::stream:
      return stream_from(in);
    case Kind::slot:
      return slot_from(in);
    case Kind::frame_ready:
      return frame_from(in);
    case Kind::skipped:
      return skipped_from(in);
    case Kind::trouble:
      return trouble_from(in);
    case Kind::give_back:
      return Return{in.number<std::uint8_t>(0, most_slots - 1)};
    case Kind::controls: {
      const auto exposure_us = in.optional_number();
      return Controls{exposure_us, in.optional_number()};
    }
  }
  in.expect(false);
  return Return{};
}

}  // namespace

bool lies_within(const Plane& plane, std::uint64_t row_bytes, std::uint64_t rows, std::uint64_t bytes) {
  // No sum here is near 2^64: offset and stride are below 2^32, rows at most 2^14 and row_bytes 2^15.
  return rows > 0 && row_bytes <= plane.stride &&
         plane.offset + std::uint64_t{plane.stride} * (rows - 1) + row_bytes <= bytes;
}

Bytes encode(const Message& message) {
  return std::visit(Encoder{}, message);
}

Result<Message> decode(ByteView bytes) {
  const Error no_message{ErrorCode::corrupt,
                         fmt::format("{} bytes that are no message of the capture link", bytes.size())};
  if (bytes.empty() || bytes.size() > most_message_bytes) return fail(no_message);
  Reader in(bytes.subspan(1));
  Message message = message_from(static_cast<Kind>(bytes[0]), in);
  if (!in.good()) return fail(no_message);
  return message;
}

}  // namespace wayside::capture_link
