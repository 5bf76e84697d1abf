#include "tests/vm/machine/uvc_descriptors.hpp"

#include <array>
#include <concepts>
#include <initializer_list>
#include <string_view>

namespace wayside::vm {

namespace {

constexpr std::uint8_t device_type = 1, configuration_type = 2, string_type = 3, interface_type = 4,
                       endpoint_type = 5, association_type = 0x0B, class_interface = 0x24;
constexpr std::uint8_t video_class = 0x0E;

template <std::unsigned_integral Number>
Bytes le(Number number) {
  Bytes bytes;
  for (std::size_t i = 0; i < sizeof number; ++i)
    bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
  return bytes;
}

Bytes u16(std::uint32_t number) {
  return le(static_cast<std::uint16_t>(number));
}
Bytes u32(std::uint32_t number) {
  return le(number);
}
Bytes u8(std::initializer_list<unsigned> numbers) {
  Bytes bytes;
  for (const unsigned number : numbers)
    bytes.push_back(static_cast<std::uint8_t>(number));
  return bytes;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes bytes;
  for (const Bytes& part : parts)
    bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

Bytes descriptor(std::uint8_t type, std::initializer_list<Bytes> parts) {
  const Bytes body = joined(parts);
  return joined({u8({static_cast<unsigned>(body.size() + 2), type}), body});
}

Bytes control_interface() {
  const Bytes camera_terminal = descriptor(
      class_interface, {u8({2, 1}), u16(0x0201), u8({0, 0}), u16(0), u16(0), u16(0), u8({3, 0, 0, 0})});
  const Bytes output_terminal = descriptor(class_interface, {u8({3, 2}), u16(0x0101), u8({0, 1, 0})});
  const auto total = static_cast<std::uint32_t>(13 + camera_terminal.size() + output_terminal.size());
  const Bytes header =
      descriptor(class_interface, {u8({1}), u16(0x0100), u16(total), u32(48'000'000), u8({1, 1})});
  return joined({descriptor(interface_type, {u8({0, 0, 0, video_class, 1, 0, 0})}), header, camera_terminal,
                 output_terminal});
}

Bytes format_and_frame(const UvcForm& form) {
  constexpr unsigned frame_uncompressed = 5, format_uncompressed = 4, format_mjpeg = 6, frame_mjpeg = 7;
  const std::uint32_t bits_per_s = static_cast<std::uint32_t>(std::uint64_t{form.most_frame_bytes()} * 8 *
                                                              10'000'000 / form.frame_interval_100ns);
  const Bytes frame = descriptor(
      class_interface, {u8({form.yuyv ? frame_uncompressed : frame_mjpeg, 1, 0}), u16(form.width),
                        u16(form.height), u32(bits_per_s), u32(bits_per_s), u32(form.most_frame_bytes()),
                        u32(form.frame_interval_100ns), u8({1}), u32(form.frame_interval_100ns)});
  // The GUID of YUY2.
  const Bytes yuy2 = u8({'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71});
  const Bytes format =
      form.yuyv
          ? descriptor(class_interface, {u8({format_uncompressed, 1, 1}), yuy2, u8({16, 1, 0, 0, 0, 0})})
          : descriptor(class_interface, {u8({format_mjpeg, 1, 1, 1, 1, 0, 0, 0, 0})});
  const Bytes colours = descriptor(class_interface, {u8({0x0D, 1, 1, 4})});
  return joined({format, frame, colours});
}

Bytes streaming_interface(const UvcForm& form) {
  const Bytes formats = format_and_frame(form);
  const auto total = static_cast<std::uint32_t>(14 + formats.size());
  const Bytes header =
      descriptor(class_interface, {u8({1, 1}), u16(total), u8({video_endpoint, 0, 2, 0, 0, 0, 1, 0})});
  return joined({descriptor(interface_type, {u8({1, 0, 1, video_class, 2, 0, 0})}), header, formats,
                 descriptor(endpoint_type, {u8({video_endpoint, 2}), u16(bulk_packet_bytes), u8({0})})});
}

}  // namespace

Bytes device_descriptor() {
  return descriptor(device_type, {u16(0x0200), u8({0xEF, 2, 1, 64}), u16(vendor_id), u16(product_id),
                                  u16(0x0100), u8({1, 2, 3, 1})});
}

Bytes configuration_descriptor(const UvcForm& form) {
  const Bytes interfaces = joined({descriptor(association_type, {u8({0, 2, video_class, 3, 0, 0})}),
                                   control_interface(), streaming_interface(form)});
  return joined({u8({9, configuration_type}), u16(static_cast<std::uint32_t>(9 + interfaces.size())),
                 u8({2, 1, 0, 0x80, 250}), interfaces});
}

Bytes string_descriptor(std::uint8_t number) {
  constexpr std::array<std::string_view, 4> texts = {"", "Wayside tests", "Recorded roadside camera", "0001"};
  if (number == 0) return descriptor(string_type, {u16(0x0409)});  // in English
  if (number >= texts.size()) return {};
  Bytes wide;
  for (const char letter : texts[number]) {
    wide.push_back(static_cast<std::uint8_t>(letter));
    wide.push_back(0);
  }
  return descriptor(string_type, {wide});
}

Bytes stream_parameters(const UvcForm& form) {
  return joined({u16(1), u8({1, 1}), u32(form.frame_interval_100ns), u16(0), u16(0), u16(0), u16(0), u16(0),
                 u32(form.most_frame_bytes()), u32(payload_bytes)});
}

}  // namespace wayside::vm
