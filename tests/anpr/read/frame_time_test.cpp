// A plate is judged by the time of its frame, whatever the year in which a recording is looked at.
#include <gtest/gtest.h>

#include "wayside/anpr/read/plate_reader.hpp"

#include "tests/doubles/installed_models.hpp"

namespace wayside {
namespace {

// The text and its form.
std::string read_at(UtcTime utc) {
  ReaderOptions options;
  options.min_confidence = 0;
  auto reader = make_tesseract_reader(options, doubles::installed_models(), doubles::installed_syntax());
  if (!reader) throw std::runtime_error(reader.error().message);
  const doubles::DrawnFrame drawn = doubles::draw_frame(doubles::plate_of("AB27CDE"), 300);
  FrameInfo info;
  info.utc = utc;
  const auto frame = make_frame(info, drawn.picture);
  if (!frame) throw std::runtime_error(frame.error().message);
  const FrameReads reads = (*reader)->read({*frame, {{drawn.plate, 1.0F}}}, false);
  if (reads.reads.empty()) return "";
  const PlateRead& read = reads.reads.front().read;
  return read.vrm + " " + read.format;
}

TEST(FrameTime, DecidesWhichAgeIdentifiersExist) {
  EXPECT_EQ(read_at(*utc_from_iso8601("2027-06-01T00:00:00Z")), "AB27CDE current");
  EXPECT_NE(read_at(*utc_from_iso8601("2026-06-01T00:00:00Z")), "AB27CDE current");
}

}  // namespace
}  // namespace wayside
