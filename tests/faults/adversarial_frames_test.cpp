// The whole recogniser against frames that no road sends: noise, checkers, print, signs, lettered vans. Every
// frame is a picture of its own and searched as if it were the first, which is the dearest case.
//
// A thousand by default; the test run labelled "long" sets WAYSIDE_ADVERSARIAL_FRAMES to 10,000.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <random>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "wayside/eval/recognise.hpp"

#include "src/app/process.hpp"
#include "src/app/recogniser.hpp"
#include "tests/doubles/drawn_plate.hpp"

namespace wayside::app {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

class Adversary {
 public:
  explicit Adversary(unsigned seed) : random_(seed) {}

  cv::Mat frame() {
    const cv::Size size(from(40, 400), from(40, 260));
    cv::Mat picture(size, CV_8UC3);
    switch (from(0, 7)) {
      case 0:
        noise(picture);
        break;
      case 1:
        checkers(picture);
        break;
      case 2:
        page(picture);
        break;
      case 3:
        signs(picture);
        break;
      case 4:
        lettered_van(picture);
        break;
      case 5:
        stripes(picture);
        break;
      case 6:
        rectangles(picture);
        break;
      default:
        flat(picture);
        break;
    }
    if (from(0, 3) == 0) cv::GaussianBlur(picture, picture, {}, from(3, 30) / 10.0);
    return picture;
  }

 private:
  int from(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  cv::Scalar shade() { return {double(from(0, 255)), double(from(0, 255)), double(from(0, 255))}; }
  cv::Point place(const cv::Mat& in) { return {from(0, in.cols - 1), from(0, in.rows - 1)}; }
  std::string text(int longest) {
    static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.+()abcdefgh";
    std::string made;
    for (int i = from(1, longest); i > 0; --i)
      made += letters[static_cast<std::size_t>(from(0, static_cast<int>(letters.size()) - 1))];
    return made;
  }
  void write(cv::Mat& in, const std::string& words, cv::Point at, double scale) {
    cv::putText(in, words, at, from(0, 7), scale, shade(), std::max(1, int(scale * from(1, 4))), cv::LINE_AA);
  }

  void noise(cv::Mat& picture) {
    cv::RNG own(static_cast<std::uint64_t>(from(1, 1 << 30)));
    own.fill(picture, cv::RNG::UNIFORM, 0, 256);
  }
  void checkers(cv::Mat& picture) {
    const int side = from(1, 40);
    const cv::Scalar one = shade(), other = shade();
    for (int y = 0; y < picture.rows; y += side) {
      for (int x = 0; x < picture.cols; x += side)
        cv::rectangle(picture, {x, y, side, side}, (x / side + y / side) % 2 == 0 ? one : other, -1);
    }
  }
  void page(cv::Mat& picture) {
    picture = cv::Scalar::all(from(150, 255));
    const double scale = from(2, 12) / 10.0;
    for (int y = from(5, 20); y < picture.rows + 10; y += std::max(6, int(scale * 28)))
      write(picture, text(60), {from(-20, 10), y}, scale);
  }
  void signs(cv::Mat& picture) {
    picture = shade();
    for (int i = from(1, 8); i > 0; --i) {
      const cv::Point at = place(picture);
      const int size = from(8, 80);
      if (from(0, 1) == 0)
        cv::circle(picture, at, size, shade(), from(0, 1) == 0 ? -1 : 6, cv::LINE_AA);
      else
        cv::rectangle(picture, {at.x, at.y, 2 * size, size}, shade(), -1);
      write(picture, text(6), at, size / 30.0);
    }
  }
  // A name, a slogan and a telephone number on a side or a trailer's board, and often what is nearly a plate.
  void lettered_van(cv::Mat& picture) {
    picture = shade();
    for (int i = from(1, 4); i > 0; --i) {
      const cv::Point at = place(picture);
      const cv::Size board(from(60, 260), from(15, 60));
      cv::rectangle(picture, cv::Rect(at - cv::Point(20, board.height), board),
                    cv::Scalar::all(from(120, 255)), -1);
      std::string number = "0";
      for (int k = from(6, 10); k > 0; --k)
        number += static_cast<char>('0' + from(0, 9));
      write(picture, from(0, 1) == 0 ? number : text(10), at, board.height / 45.0);
    }
  }
  void stripes(cv::Mat& picture) {
    picture = shade();
    const int step = from(2, 30);
    const bool upright = from(0, 1) == 0;
    const cv::Scalar ink = shade();
    for (int at = 0; at < std::max(picture.cols, picture.rows); at += step) {
      const cv::Point end = upright ? cv::Point(at + from(-3, 3), picture.rows) : cv::Point(picture.cols, at);
      cv::line(picture, upright ? cv::Point(at, 0) : cv::Point(0, at), end, ink, std::max(1, step / 2));
    }
  }
  void rectangles(cv::Mat& picture) {
    picture = shade();
    for (int i = from(5, 60); i > 0; --i) {
      const cv::Point at = place(picture);
      cv::rectangle(picture, {at.x, at.y, from(4, 120), from(2, 40)}, shade(), from(0, 1) == 0 ? -1 : 2);
    }
  }
  void flat(cv::Mat& picture) {
    static constexpr std::array<int, 5> levels{0, 1, 128, 254, 255};
    picture = cv::Scalar::all(levels[static_cast<std::size_t>(from(0, 4))]);
    if (from(0, 1) == 0) picture.at<cv::Vec3b>(place(picture)) = {255, 0, 255};
  }

  std::mt19937 random_;
};

class AdversarialFrames : public testing::Test {
 protected:
  AdversarialFrames() {
    auto made = make_recogniser(recogniser_options({}, doubles::source_folder() / "models"));
    if (!made) throw std::runtime_error(made.error().message);
    recogniser_ = std::move(*made);
  }

  static double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }
  FrameReads reads_of(const cv::Mat& picture) {
    recogniser_.forget();
    return recogniser_.reads_of(make_frame(FrameInfo{}, picture).value());
  }
  // The least of a few runs: what else the machine does only adds.
  double time_of(const cv::Mat& picture) {
    double least = 1e9;
    for (int i = 0; i < 5; ++i) {
      const double begin = cpu_s();
      static_cast<void>(reads_of(picture));
      least = std::min(least, cpu_s() - begin);
    }
    return least;
  }

  eval::Recogniser recogniser_;
};

int frames_asked_for() {
  const char* text = std::getenv("WAYSIDE_ADVERSARIAL_FRAMES");
  return text == nullptr ? 1000 : std::atoi(text);
}

TEST_F(AdversarialFrames, AreReadInBoundedTimeAndMemoryWithFiniteAnswers) {
  // The measure: a plain frame as large as the largest of these, with one plate in it.
  const cv::Mat normal = doubles::draw_frame(doubles::plate_of("AB12CDE"), 140, 0, {400, 260}).picture;
  ASSERT_EQ(reads_of(normal).reads.size(), 1U);
  const double limit_s = 10 * time_of(normal);

  Adversary adversary(1);
  const int count = frames_asked_for();
  ASSERT_GE(count, 100);
  std::uint64_t memory_at_first = 0;
  int shown = 0;
  double slowest_s = 0;
  for (int i = 0; i < count; ++i) {
    const cv::Mat picture = adversary.frame();
    const double begin = cpu_s();
    const FrameReads reads = reads_of(picture);
    double taken_s = cpu_s() - begin;
    if (taken_s > limit_s) taken_s = time_of(picture);
    ASSERT_LE(taken_s, limit_s) << "frame " << i;
    slowest_s = std::max(slowest_s, taken_s);
    for (const EvidencedRead& read : reads.reads) {
      ++shown;
      ASSERT_TRUE(read.read.confidence >= 0 && read.read.confidence <= 1) << "frame " << i;
      for (const cv::Point2f& corner : read.read.quad)
        ASSERT_TRUE(std::isfinite(corner.x) && std::isfinite(corner.y)) << "frame " << i;
      for (const CharacterPosition& position : read.read.positions) {
        for (const CharacterGuess& guess : position)
          ASSERT_TRUE(guess.probability >= 0 && guess.probability <= 1) << "frame " << i;
      }
    }
    if (i == count / 5) memory_at_first = memory_bytes();
  }
  const double grown_mib =
      (static_cast<double>(memory_bytes()) - static_cast<double>(memory_at_first)) / (1 << 20);
  RecordProperty("reads", shown);
  std::printf("%d frames, %d reads, slowest %.1f times a plain frame, memory grew by %.1f MiB\n", count,
              shown, 10 * slowest_s / limit_s, grown_mib);
  // A sanitizer keeps what was freed, and finds what was not by itself.
  if (!sanitized) {
    EXPECT_LT(grown_mib, 16);
  }
}

}  // namespace
}  // namespace wayside::app
