#include "drivers/replay_source/picture_size.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace wayside::replay {

namespace {

using namespace std::string_view_literals;

enum class Order { little, big };

// Reads past the end give 0 and are remembered, so that a header is read straight through and judged once.
class Header {
 public:
  Header(ByteView file, Order order) : file_(file), order_(order) {}

  std::uint64_t number(std::size_t at, std::size_t bytes) {
    if (at > file_.size() || file_.size() - at < bytes) {
      cut_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8U | file_[at + (order_ == Order::big ? i : bytes - 1 - i)];
    return value;
  }
  [[nodiscard]] std::optional<PictureSize> size(std::uint64_t width, std::uint64_t height) const {
    if (cut_) return std::nullopt;
    return PictureSize{width, height};
  }

 private:
  ByteView file_;
  Order order_;
  bool cut_ = false;
};

bool begins(ByteView file, std::string_view with, std::size_t at = 0) {
  const ByteView wanted = as_bytes(with);
  return file.size() >= at + wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}

std::optional<PictureSize> jpeg_size(ByteView file) {
  Header header(file, Order::big);
  // From marker to marker, passing over what stands between them, as decoders do.
  for (std::size_t at = 2; at + 1 < file.size();) {
    const std::uint8_t marker = file[at + 1];
    if (file[at] != 0xFF || marker == 0x00 || marker == 0xFF) {
      ++at;
      continue;
    }
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      const std::uint64_t height = header.number(at + 5, 2);
      return header.size(header.number(at + 7, 2), height);
    }
    const bool scan_or_end = marker == 0xDA || marker == 0xD9;
    if (scan_or_end) return std::nullopt;
    const bool alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    at += alone ? 2 : 2 + static_cast<std::size_t>(header.number(at + 2, 2));
  }
  return std::nullopt;
}

std::optional<PictureSize> png_size(ByteView file) {
  if (!begins(file, "IHDR", 12)) return std::nullopt;
  Header header(file, Order::big);
  const std::uint64_t width = header.number(16, 4);
  return header.size(width, header.number(20, 4));
}

std::optional<PictureSize> bmp_size(ByteView file) {
  Header header(file, Order::little);
  constexpr std::uint64_t core = 12;
  if (header.number(14, 4) == core) {
    const std::uint64_t width = header.number(18, 2);
    return header.size(width, header.number(20, 2));
  }
  // The height is below zero where the upper row stands first.
  const auto magnitude = [](std::uint64_t number) {
    const auto value = static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
    return static_cast<std::uint64_t>(value < 0 ? -std::int64_t{value} : std::int64_t{value});
  };
  const std::uint64_t width = magnitude(header.number(18, 4));
  return header.size(width, magnitude(header.number(22, 4)));
}

std::optional<PictureSize> tiff_size(ByteView file, Order order) {
  Header header(file, order);
  const std::uint64_t directory = header.number(4, 4);
  const std::uint64_t entries = header.number(directory, 2);
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + 12 * i;
    const std::uint64_t tag = header.number(entry, 2);
    constexpr std::uint64_t image_width = 256, image_length = 257;
    if (tag != image_width && tag != image_length) continue;
    constexpr std::array<std::size_t, 5> bytes_of_type = {0, 1, 0, 2, 4};  // BYTE, SHORT, LONG
    const std::uint64_t type = header.number(entry + 2, 2);
    if (type >= bytes_of_type.size() || bytes_of_type[type] == 0) return std::nullopt;
    std::uint64_t& side = tag == image_width ? width : height;
    side = std::max(side, header.number(entry + 8, bytes_of_type[type]));
  }
  return header.size(width, height);
}

std::optional<PictureSize> webp_size(ByteView file) {
  Header header(file, Order::little);
  constexpr std::uint64_t low_14_bits = 0x3FFF;
  if (begins(file, "VP8 ", 12)) {
    const std::uint64_t width = header.number(26, 2) & low_14_bits;
    return header.size(width, header.number(28, 2) & low_14_bits);
  }
  if (begins(file, "VP8L", 12)) {
    const std::uint64_t both = header.number(21, 4);
    return header.size((both & low_14_bits) + 1, (both >> 14U & low_14_bits) + 1);
  }
  if (begins(file, "VP8X", 12)) {
    const std::uint64_t width = header.number(24, 3) + 1;
    return header.size(width, header.number(27, 3) + 1);
  }
  return std::nullopt;
}

std::optional<PictureSize> netpbm_size(ByteView file) {
  std::size_t at = 2;
  const auto is_space = [&] {
    return " \t\n\v\f\r"sv.find(static_cast<char>(file[at])) != std::string_view::npos;
  };
  const auto number = [&]() -> std::optional<std::uint64_t> {
    while (at < file.size() && (is_space() || file[at] == '#')) {
      if (file[at] == '#') {
        while (at < file.size() && file[at] != '\n' && file[at] != '\r')
          ++at;
      } else {
        ++at;
      }
    }
    const std::size_t first = at;
    std::uint64_t value = 0;
    while (at < file.size() && file[at] >= '0' && file[at] <= '9') {
      value = value * 10 + (file[at++] - std::uint64_t{'0'});
      if (value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    }
    if (at == first) return std::nullopt;
    ++at;  // whatever follows a number has ended it, for the decoder: a comment does not begin there
    return value;
  };
  const std::optional<std::uint64_t> width = number();
  const std::optional<std::uint64_t> height = width ? number() : std::nullopt;
  if (!height) return std::nullopt;
  return PictureSize{*width, *height};
}

}  // namespace

std::optional<PictureSize> promised_size(ByteView file) {
  if (begins(file, "\xFF\xD8"sv)) return jpeg_size(file);
  if (begins(file, "\x89PNG\r\n\x1A\n"sv)) return png_size(file);
  if (begins(file, "BM"sv)) return bmp_size(file);
  if (begins(file, "II*\0"sv)) return tiff_size(file, Order::little);
  if (begins(file, "MM\0*"sv)) return tiff_size(file, Order::big);
  if (begins(file, "RIFF"sv) && begins(file, "WEBP"sv, 8)) return webp_size(file);
  if (file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6') return netpbm_size(file);
  return std::nullopt;
}

}  // namespace wayside::replay
