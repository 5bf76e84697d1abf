#include "drivers/replay_source/picture_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include <fmt/format.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/files.hpp"

#include "drivers/replay_source/picture_size.hpp"

namespace wayside::replay {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_picture_file = std::size_t{1} << 30;  // bytes
// Above what road cameras and nearly all phones give; 300 MB in colour. A damaged JPEG of 2 kB that promised
// 2^30 pixels cost 11 s and 3 GB.
constexpr std::uint64_t most_pixels = 100'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A run of digits without its leading zeros.
std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

// The decoder fills what a cut-off JPEG lacks with grey and says nothing, so its end marker is looked for
// here: marker segments are stepped over (a preview in one has an end marker of its own), after which FF D9
// is only ever the end (ITU-T T.81, B.1.1.2: in the coded data FF is followed by 00 or a restart marker).
bool is_cut_jpeg(ByteView bytes) {
  if (bytes.size() < 2 || bytes[0] != 0xFF || bytes[1] != 0xD8) return false;
  constexpr std::uint8_t start_of_scan = 0xDA;
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xFF && bytes[at + 1] != start_of_scan) {
    const bool padding = bytes[at + 1] == 0xFF;
    at += padding ? std::size_t{1} : std::size_t{2} + std::size_t{bytes[at + 2]} * 256 + bytes[at + 3];
  }
  if (at >= bytes.size()) return true;
  constexpr std::array<std::uint8_t, 2> end_of_image = {0xFF, 0xD9};
  const ByteView rest = bytes.subspan(at);
  return std::search(rest.begin(), rest.end(), end_of_image.begin(), end_of_image.end()) == rest.end();
}

}  // namespace

bool is_picture_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 10> endings = {".jpg",  ".jpeg", ".png", ".bmp", ".tif",
                                                               ".tiff", ".webp", ".pgm", ".ppm", ".pbm"};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

bool in_natural_order(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view number_a = take_number(a);
      const std::string_view number_b = take_number(b);
      if (number_a.size() != number_b.size()) return number_a.size() < number_b.size();
      if (number_a != number_b) return number_a < number_b;
    } else {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  if (a.empty() != b.empty()) return a.empty();
  return whole_a < whole_b;  // alike but for leading zeros
}

Result<std::vector<fs::path>> pictures_in(const fs::path& folder) {
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot list {}: {}", folder.string(), failed.message()));
  std::vector<fs::path> pictures;
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    std::error_code ignored;
    if (is_picture_name(entries->path()) && entries->is_regular_file(ignored))
      pictures.push_back(entries->path());
  }
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot list {}: {}", folder.string(), failed.message()));
  if (pictures.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} holds no pictures; expected files ending in jpg, png, bmp, tif, webp or pgm",
                            folder.string()));
  }
  std::sort(pictures.begin(), pictures.end(), [](const fs::path& a, const fs::path& b) {
    return in_natural_order(a.filename().string(), b.filename().string());
  });
  return pictures;
}

Result<cv::Mat> read_picture(const fs::path& path) {
  const Result<std::string> content = read_text_file(path, largest_picture_file);
  if (!content) return fail(content.error());
  const ByteView bytes = as_bytes(*content);
  if (bytes.empty())
    return fail(ErrorCode::corrupt, fmt::format("{} is empty; expected a picture", path.string()));
  if (is_cut_jpeg(bytes)) {
    return fail(ErrorCode::corrupt, fmt::format("{} is cut short: its JPEG data has no end", path.string()));
  }
  const Error undecodable{ErrorCode::corrupt,
                          fmt::format("{} cannot be decoded: it is no picture or is damaged", path.string())};
  const std::optional<PictureSize> size = promised_size(bytes);
  if (!size) return fail(undecodable);
  if (size->pixels() > most_pixels) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is {} x {} px; expected at most {} million pixels: reduce it", path.string(),
                            size->width, size->height, most_pixels / 1'000'000));
  }
  try {
    // A view over the bytes: imdecode only reads, though its signature cannot say so.
    const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<std::uint8_t*>(bytes.data()));
    cv::Mat picture = cv::imdecode(view, cv::IMREAD_ANYCOLOR);
    if (picture.empty()) return fail(undecodable);
    return picture;
  } catch (const std::exception&) {  // OpenCV's, and no memory for what a damaged header promises
    return fail(undecodable);
  }
}

}  // namespace wayside::replay
