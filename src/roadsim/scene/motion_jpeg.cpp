#include "motion_jpeg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "wayside/base/json_text.hpp"

namespace wayside::roadsim {

namespace {

constexpr int quality = 92;
constexpr double rate_scale = 1e6;
constexpr std::uint32_t has_index = 0x10;  // AVIF_HASINDEX
constexpr std::uint32_t key_frame = 0x10;  // AVIIF_KEYFRAME
constexpr std::size_t index_entry = 16;    // bytes

// RIFF: little endian, names of four letters, sizes without name and size.
class Riff {
 public:
  Riff& name(std::string_view four) {
    bytes_.insert(bytes_.end(), four.begin(), four.end());
    return *this;
  }
  Riff& number(std::uint32_t value) { return put(value, 4); }
  Riff& small(std::uint32_t value) { return put(value, 2); }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  Riff& put(std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }
  std::vector<std::uint8_t> bytes_;
};

void write(std::ofstream& out, const std::vector<std::uint8_t>& bytes) {
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

MotionJpegFile::MotionJpegFile(std::filesystem::path path, cv::Size size, double pictures_per_s)
    : path_(std::move(path)),
      size_(size),
      pictures_per_s_(pictures_per_s),
      out_(path_, std::ios::binary | std::ios::trunc) {
  write(out_, header());
}

Status MotionJpegFile::add(const cv::Mat& picture) {
  std::vector<std::uint8_t> jpeg;
  cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, quality});
  if (jpeg.size() % 2 != 0)
    jpeg.push_back(0);  // chunks begin at even places; what follows a JPEG is not read
  const std::uint64_t grown = list_size_ + 8 + jpeg.size();
  const std::uint64_t whole = header().size() + grown + index_entry * (places_.size() + 1);
  if (whole > std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("the video {} grows beyond 4 GiB, which no AVI file can hold, after {} pictures; "
                            "draw a shorter scene or as H.264",
                            json_escape(path_.string()), places_.size()));
  }
  const auto size = static_cast<std::uint32_t>(jpeg.size());
  write(out_, Riff().name("00dc").number(size).bytes());
  write(out_, jpeg);
  places_.push_back({static_cast<std::uint32_t>(list_size_), size});
  list_size_ = grown;
  largest_ = std::max(largest_, size);
  return out_ ? Status{} : refused();
}

Status MotionJpegFile::finish() {
  Riff index;
  index.name("idx1").number(static_cast<std::uint32_t>(index_entry * places_.size()));
  for (const Place& place : places_)
    index.name("00dc").number(key_frame).number(place.offset).number(place.size);
  write(out_, index.bytes());
  out_.seekp(0);
  write(out_, header());
  out_.close();
  return out_ ? Status{} : refused();
}

// Everything up to the first picture. Its length is always the same, so that it can be written again at the
// end with the numbers that are known then.
std::vector<std::uint8_t> MotionJpegFile::header() const {
  const auto width = static_cast<std::uint32_t>(size_.width);
  const auto height = static_cast<std::uint32_t>(size_.height);
  const auto count = static_cast<std::uint32_t>(places_.size());
  const auto rate = static_cast<std::uint32_t>(std::lround(pictures_per_s_ * rate_scale));
  Riff main;
  main.name("avih").number(56);
  main.number(static_cast<std::uint32_t>(std::lround(1e6 / pictures_per_s_)));         // us a picture
  main.number(static_cast<std::uint32_t>(std::min(largest_ * pictures_per_s_, 4e9)));  // bytes a second
  main.number(0).number(has_index).number(count).number(0).number(1);  // padding, flags, pictures, streams
  main.number(largest_).number(width).number(height);
  main.number(0).number(0).number(0).number(0);
  Riff stream;
  stream.name("strh").number(56).name("vids").name("MJPG");
  stream.number(0).small(0).small(0).number(0);  // flags, priority, language, delay
  stream.number(static_cast<std::uint32_t>(rate_scale)).number(rate).number(0).number(count);
  stream.number(largest_).number(std::numeric_limits<std::uint32_t>::max()).number(0);  // quality: not said
  stream.small(0).small(0).small(width).small(height);
  stream.name("strf").number(40).number(40).number(width).number(height);
  stream.small(1).small(24).name("MJPG").number(3 * width * height);
  stream.number(0).number(0).number(0).number(0);

  const auto size_of = [](const Riff& part) { return static_cast<std::uint32_t>(part.bytes().size()); };
  const std::uint32_t streams = 4 + size_of(stream);
  const std::uint32_t headers = 4 + size_of(main) + 8 + streams;
  const auto list = static_cast<std::uint32_t>(list_size_);
  const auto index = static_cast<std::uint32_t>(8 + index_entry * places_.size());
  Riff all;
  all.name("RIFF").number(4 + 8 + headers + 8 + list + index).name("AVI ");
  all.name("LIST").number(headers).name("hdrl");
  std::vector<std::uint8_t> bytes = all.bytes();
  const auto append = [&](const Riff& part) {
    bytes.insert(bytes.end(), part.bytes().begin(), part.bytes().end());
  };
  append(main);
  append(Riff().name("LIST").number(streams).name("strl"));
  append(stream);
  append(Riff().name("LIST").number(list).name("movi"));
  return bytes;
}

Status MotionJpegFile::refused() const {
  return fail(ErrorCode::io,
              fmt::format("cannot write the video {}; is the folder writable and is there room on the disk?",
                          json_escape(path_.string())));
}

}  // namespace wayside::roadsim
