// A file over a line that loses, doubles and flips bytes, to receivers of all kinds.
#include "src/device/console/xmodem.hpp"

#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/xmodem_receiver.hpp"

namespace wayside::console {
namespace {

using namespace std::chrono_literals;
using doubles::XmodemReceiver;
using testing::HasSubstr;

// A line at 9600 baud whose time is its own.
class Line final : public ByteLine {
 public:
  using Damage = std::function<std::string(std::string)>;
  XmodemReceiver receiver;
  Damage hears = [](std::string bytes) { return bytes; };  // what of the sender's bytes arrives
  Damage says = [](std::string bytes) { return bytes; };   // what of the receiver's does
  Damage instead;                                          // of the receiver: answers a burst
  std::string waiting;                                     // of the receiver's bytes
  std::vector<std::string> written;
  std::size_t pulled_after = 1'000'000;  // bursts
  bool begins = true;

  [[nodiscard]] Clock::time_point now() const override { return now_; }
  [[nodiscard]] Got read_byte(Clock::time_point deadline) override {
    if (written.size() >= pulled_after) return {Input::hang_up, 0};
    if (!burst_.empty()) {
      const std::string burst = hears(std::exchange(burst_, {}));
      answer(instead ? instead(burst) : receiver.take(burst));
    }
    const Clock::time_point due = last_ + (receiver.received.empty() ? 3s : 10s);
    if (waiting.empty() && !instead && begins && due <= deadline) {
      now_ = std::max(now_, due);
      answer(receiver.late());
    }
    if (waiting.empty()) {
      now_ = std::max(now_, deadline);
      return {Input::idle, 0};
    }
    const auto byte = static_cast<std::uint8_t>(waiting.front());
    waiting.erase(0, 1);
    now_ += byte_time;
    return {Input::line, byte};
  }
  [[nodiscard]] bool write_bytes(ByteView bytes) override {
    if (written.size() >= pulled_after) return false;
    written.emplace_back(bytes.begin(), bytes.end());
    burst_ += written.back();
    now_ += byte_time * bytes.size();
    return true;
  }
  [[nodiscard]] std::chrono::milliseconds passed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_ - Clock::time_point());
  }

 private:
  static constexpr std::chrono::microseconds byte_time{1042};
  void answer(std::string bytes) {
    last_ = now_;
    waiting += says(std::move(bytes));
  }
  std::string burst_;
  Clock::time_point now_, last_;
};

Bytes picture(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::string text_of(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

// It came, and behind it nothing but what fills a short block.
void expect_whole(const Bytes& file, const Line& line, const XmodemSent& sent) {
  const std::string& received = line.receiver.received;
  EXPECT_TRUE(line.receiver.ended);
  EXPECT_EQ(received.size(), sent.received_bytes);
  ASSERT_GE(received.size(), file.size());
  EXPECT_LT(received.size() - file.size(), 128U);
  EXPECT_EQ(received.substr(0, file.size()), text_of(file));
  EXPECT_EQ(received.find_first_not_of('\x1a', file.size()), std::string::npos);
}

std::string error_of(const Result<XmodemSent>& sent) {
  return sent ? "it was sent" : sent.error().message;
}

TEST(Xmodem, BeginsWithABlockAsThePaperHasIt) {
  const std::string digits = "123456789";
  Line line;
  ASSERT_TRUE(send_by_xmodem(line, as_bytes(digits)));
  const std::string data = digits + std::string(119, '\x1a');
  ASSERT_EQ(line.written.size(), 2U);
  EXPECT_EQ(line.written[0], "\x01\x01\xfe" + data + "\xe4\x47");
  EXPECT_EQ(line.written[1], "\x04");
  Line sums;
  sums.receiver.crc = false;
  ASSERT_TRUE(send_by_xmodem(sums, as_bytes(digits)));
  EXPECT_EQ(sums.written[0], "\x01\x01\xfe" + data + "\xf3");
}

TEST(Xmodem, SendsFilesOfAnySizeToReceiversOfBothKinds) {
  for (const bool crc : {true, false}) {
    for (const std::size_t size :
         {1U, 127U, 128U, 129U, 895U, 896U, 897U, 1023U, 1024U, 1025U, 1152U, 4321U, 300'000U}) {
      SCOPED_TRACE(size);
      const Bytes file = picture(size);
      Line line;
      line.receiver.crc = crc;
      const auto sent = send_by_xmodem(line, file);
      ASSERT_TRUE(sent) << error_of(sent);
      expect_whole(file, line, *sent);
      EXPECT_EQ(line.receiver.long_blocks > 0, crc && size > 896);
      EXPECT_LE(line.receiver.short_blocks, crc ? 7U : (size + 127) / 128);
    }
  }
}

TEST(Xmodem, TellsHowLongItTook) {
  Line line;
  const auto sent = send_by_xmodem(line, picture(4096));
  ASSERT_TRUE(sent);
  EXPECT_GT(sent->took, 4200ms);
  EXPECT_LT(sent->took, 4600ms);
}

TEST(Xmodem, AReceiverWithoutLongBlocksGetsShortOnes) {
  const Bytes file = picture(4321);
  Line line;
  line.receiver.takes_long = false;
  const auto sent = send_by_xmodem(line, file);
  ASSERT_TRUE(sent) << error_of(sent);
  expect_whole(file, line, *sent);
  EXPECT_EQ(line.receiver.long_blocks, 0U);
}

// A noisy line spoils long blocks more often.
TEST(Xmodem, BehindALongBlockThatTookManyTriesComeShortOnes) {
  const Bytes file = picture(8192);
  Line line;
  int spoilt = 0;
  line.hears = [&](std::string bytes) {
    if (bytes.size() > 1000 && bytes[1] == 3 && spoilt++ < 4) bytes[500] ^= 1;
    return bytes;
  };
  const auto sent = send_by_xmodem(line, file);
  ASSERT_TRUE(sent) << error_of(sent);
  expect_whole(file, line, *sent);
  EXPECT_EQ(line.receiver.long_blocks, 3U);
  EXPECT_EQ(line.receiver.short_blocks, 40U);
}

// Nothing that a line loses, doubles or flips becomes a picture that is another.
TEST(Xmodem, DamageIsMendedOrSaid) {
  const Bytes file = picture(5000);
  int whole = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto damage = [&random](unsigned one_in) {
      return [&random, one_in](const std::string& bytes) {
        std::string out;
        for (const char c : bytes) {
          const auto kind = random() % one_in == 0 ? random() % 3 : 3;
          if (kind == 0) continue;
          out += kind == 1 ? static_cast<char>(c ^ 1 << random() % 8) : c;
          if (kind == 2) out += c;
        }
        return out;
      };
    };
    Line line;
    line.receiver.crc = seed % 4 != 0;
    line.receiver.takes_long = seed % 3 != 0;
    line.receiver.refuses_first_end = seed % 5 == 0;
    line.hears = damage(line.receiver.crc ? 2000 : 100'000);
    line.says = damage(8);
    const auto sent = send_by_xmodem(line, file);
    SCOPED_TRACE(seed);
    EXPECT_LT(line.passed(), 30min);
    if (!sent) continue;
    ++whole;
    expect_whole(file, line, *sent);
  }
  EXPECT_GT(whole, 350);
}

TEST(Xmodem, WhatArrivedBeforeABlockIsNoAnswerToIt) {
  const Bytes file = picture(3000);
  Line line;
  line.says = [](const std::string& bytes) { return bytes + bytes; };  // each acknowledgement twice
  line.hears = [n = 0](std::string bytes) mutable {
    if (++n % 2 == 0) bytes[7] ^= 1;
    return bytes;
  };
  const auto sent = send_by_xmodem(line, file);
  ASSERT_TRUE(sent) << error_of(sent);
  expect_whole(file, line, *sent);
}

TEST(Xmodem, ABeginningThatCrossesTheFirstBlockIsNoRefusal) {
  const Bytes file = picture(2000);
  Line line;
  line.says = [n = 0](const std::string& bytes) mutable { return ++n == 2 ? "C" + bytes : bytes; };
  const auto sent = send_by_xmodem(line, file);
  ASSERT_TRUE(sent) << error_of(sent);
  expect_whole(file, line, *sent);
  EXPECT_EQ(line.written.size(), 3U);  // two blocks and the end
}

TEST(Xmodem, TheNewestWishOfSeveralCounts) {
  Line line;
  line.receiver.crc = false;
  line.waiting = "CC\x15";  // one that has given up on a CRC
  ASSERT_TRUE(send_by_xmodem(line, picture(300)));
  EXPECT_EQ(line.receiver.short_blocks, 3U);
}

TEST(Xmodem, NoReceiverIsSaidAfterAMinute) {
  Line line;
  line.begins = false;
  const auto sent = send_by_xmodem(line, picture(300));
  EXPECT_THAT(error_of(sent), HasSubstr("no receiver began within 60 s"));
  EXPECT_EQ(sent.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(line.written.empty());
  EXPECT_GE(line.passed(), 60s);
  EXPECT_LE(line.passed(), 62s);
}

TEST(Xmodem, NoiseIsNoBeginningAndHoldsNobodyUp) {
  Line line;
  line.begins = false;
  std::string noise;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != 'C' && byte != 0x15 && byte != 0x03) noise += static_cast<char>(byte);
  }
  for (int i = 0; i < 500; ++i)
    line.waiting += noise;  // two minutes of it
  EXPECT_THAT(error_of(send_by_xmodem(line, picture(300))), HasSubstr("no receiver began"));
  EXPECT_TRUE(line.written.empty());
  EXPECT_LE(line.passed(), 67s);
}

TEST(Xmodem, ControlCGivesUpUntilTheReceiverTakesSomething) {
  Line before;
  before.begins = false;
  before.waiting = "x\x03";
  EXPECT_THAT(error_of(send_by_xmodem(before, picture(300))), HasSubstr("given up"));
  EXPECT_TRUE(before.written.empty());
  // Somebody has typed a C.
  Line typed;
  typed.waiting = "C";
  typed.instead = [](const std::string&) { return std::string("\x03"); };
  EXPECT_THAT(error_of(send_by_xmodem(typed, picture(300))), HasSubstr("given up"));
  EXPECT_EQ(typed.written.size(), 2U);
  // Later it is noise.
  Line later;
  later.says = [n = 0](const std::string& bytes) mutable { return ++n > 2 ? "\x03" + bytes : bytes; };
  EXPECT_TRUE(send_by_xmodem(later, picture(3000)));
}

TEST(Xmodem, TwoCansCancelAtAnyTimeAndOneIsNoise) {
  for (const std::size_t after : {0U, 1U, 2U, 3U}) {
    Line line;
    line.says = [&, n = std::size_t{0}](const std::string& bytes) mutable {
      return n++ == after ? "\x18\x18" + bytes : bytes;
    };
    const auto sent = send_by_xmodem(line, picture(2000));
    EXPECT_THAT(error_of(sent), HasSubstr("the receiver has cancelled")) << after;
    EXPECT_EQ(line.written.size(), after);
    Line single;
    single.says = [&, n = std::size_t{0}](const std::string& bytes) mutable {
      return n++ == after ? "\x18" + bytes : bytes;
    };
    EXPECT_TRUE(send_by_xmodem(single, picture(2000))) << after;
  }
}

TEST(Xmodem, ANakStormEndsAfterTenTries) {
  for (const std::string& storm : {std::string(1, '\x15'), std::string(2000, '\x15')}) {
    Line line;
    line.waiting = "C";
    line.instead = [&](const std::string&) { return storm; };
    const auto sent = send_by_xmodem(line, picture(5000));
    EXPECT_THAT(error_of(sent), HasSubstr("has refused the same block 10 times"));
    ASSERT_EQ(line.written.size(), 11U);
    EXPECT_EQ(line.written[2].size(), 1029U);
    EXPECT_EQ(line.written[3].size(), 133U);
    EXPECT_EQ(line.written.back(), std::string(8, '\x18'));
    EXPECT_LT(line.passed(), 1min);
  }
}

TEST(Xmodem, SilenceEndsIt) {
  Line line;
  line.waiting = "C";
  line.instead = [](const std::string&) { return std::string(); };
  EXPECT_THAT(error_of(send_by_xmodem(line, picture(5000))), HasSubstr("answers no more"));
  EXPECT_EQ(line.written.size(), 11U);
  EXPECT_EQ(line.written[9].size(), 1029U);  // silence is no refusal
  EXPECT_EQ(line.written.back(), std::string(8, '\x18'));
  EXPECT_LT(line.passed(), 2min);
}

TEST(Xmodem, WrongAnswersAreNoAnswers) {
  Line line;
  line.waiting = "C";
  line.instead = [n = 0](const std::string& burst) mutable {
    return ++n > 3 ? std::string(20'000, static_cast<char>(0x80 | n))
                   : std::string(burst.size() > 10 ? "\x06" : "");
  };
  EXPECT_THAT(error_of(send_by_xmodem(line, picture(9000))), HasSubstr("answers no more"));
  EXPECT_EQ(line.written.size(), 14U);
  EXPECT_LT(line.passed(), 4min);
}

TEST(Xmodem, TheEndIsToldUntilItIsTaken) {
  const Bytes file = picture(300);
  Line line;
  line.receiver.refuses_first_end = true;
  line.says = [n = 0](const std::string& bytes) mutable { return ++n == 5 ? std::string() : bytes; };
  const auto sent = send_by_xmodem(line, file);
  ASSERT_TRUE(sent) << error_of(sent);
  expect_whole(file, line, *sent);
  Line deaf;
  deaf.waiting = "C";
  deaf.instead = [](const std::string& burst) { return std::string(burst == "\x04" ? "" : "\x06"); };
  EXPECT_THAT(error_of(send_by_xmodem(deaf, file)), HasSubstr("taken all of it, 384 bytes"));
}

TEST(Xmodem, ACableThatIsPulledEndsItAtOnce) {
  for (std::size_t after = 0; after < 4; ++after) {
    Line line;
    line.pulled_after = after;
    EXPECT_THAT(error_of(send_by_xmodem(line, picture(2000))), HasSubstr("the line hung up"));
    EXPECT_EQ(line.written.size(), after);
  }
}

TEST(Xmodem, WhatTheReceiverSaysAfterwardsIsTakenOffTheLine) {
  Line line;
  line.says = [&](const std::string& bytes) { return line.receiver.ended ? bytes + "OO\r" : bytes; };
  ASSERT_TRUE(send_by_xmodem(line, picture(300)));
  EXPECT_EQ(line.waiting, "");
}

}  // namespace
}  // namespace wayside::console
