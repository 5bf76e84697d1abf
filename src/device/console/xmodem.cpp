#include "src/device/console/xmodem.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace wayside::console {

namespace {

using Clock = ByteLine::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint8_t short_block = 0x01;  // SOH
constexpr std::uint8_t long_block = 0x02;   // STX
constexpr std::uint8_t end_of_file = 0x04;  // EOT
constexpr std::uint8_t taken_byte = 0x06;   // ACK
constexpr std::uint8_t again_byte = 0x15;   // NAK
constexpr std::uint8_t cancel_byte = 0x18;  // CAN
constexpr std::uint8_t crc_byte = 'C';
constexpr std::uint8_t control_c = 0x03;
constexpr std::uint8_t filler = 0x1a;

constexpr std::size_t short_bytes = 128;
constexpr std::size_t long_bytes = 1024;
constexpr unsigned most_tries = 10;
constexpr unsigned most_tries_of_end = 3;
constexpr unsigned tries_of_long = 3;
constexpr auto answer_patience = seconds(10);
// A NAK that comes later may be a receiver's own impatience: its acknowledgement was lost.
constexpr auto prompt = seconds(2);
// A second more than a long block takes at 9600 baud: a 'C' may have crossed it.
constexpr auto crossing_patience = seconds(3);

// CRC-16 of XMODEM: polynomial 0x1021, nothing before it; of "123456789" it is 0x31c3.
std::uint16_t crc16(ByteView bytes) {
  std::uint32_t crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte) << 8U;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 0x8000U) != 0 ? crc << 1U ^ 0x1021U : crc << 1U;
  }
  return static_cast<std::uint16_t>(crc);
}

enum class Answer { taken, refused, again, wants_crc, cancelled, stopped, silence, hung_up };

tl::unexpected<Error> ended(Answer why) {
  switch (why) {
    case Answer::cancelled:
      return fail(ErrorCode::refused, "the receiver has cancelled: the picture was not sent whole");
    case Answer::stopped:
      return fail(ErrorCode::refused, "given up: the picture was not sent");
    case Answer::silence:
      return fail(ErrorCode::unavailable,
                  "the receiver answers no more: what it has may not be whole; look at the cable, then begin "
                  "anew");
    case Answer::hung_up:
      return fail(ErrorCode::io, "the line hung up: the picture was not sent whole");
    case Answer::taken:
    case Answer::refused:
    case Answer::again:
    case Answer::wants_crc:
      break;
  }
  return fail(ErrorCode::refused,
              fmt::format("the receiver has refused the same block {} times: the picture was not sent whole; "
                          "try a lower rate or a shorter cable",
                          most_tries));
}

class Sender {
 public:
  Sender(ByteLine& line, ByteView file) : line_(line), file_(file) {}

  Result<XmodemSent> send() {
    Result<XmodemSent> sent = sent_whole();
    settle();
    return sent;
  }

 private:
  Result<XmodemSent> sent_whole() {
    if (const Status begun = wait_for_receiver(); !begun) return fail(begun.error());
    const Clock::time_point begin = line_.now();
    Answer last = Answer::taken;
    while (last == Answer::taken && at_ < file_.size())
      last = send_block();
    if (last == Answer::taken) {
      last = send_end();
      // Some are gone by then.
      if (last != Answer::taken && !is_end(last)) {
        return fail(ErrorCode::unavailable,
                    fmt::format("the receiver has taken all of it, {} bytes, but did not say that it has the "
                                "end: look whether the file is whole",
                                sent_));
      }
    }
    if (last != Answer::taken) {
      if (last != Answer::cancelled && last != Answer::hung_up)
        static_cast<void>(line_.write_bytes(Bytes(8, cancel_byte)));
      return ended(last);
    }
    return XmodemSent{sent_, std::chrono::duration_cast<milliseconds>(line_.now() - begin)};
  }

  Status wait_for_receiver() {
    const Clock::time_point deadline = line_.now() + xmodem_patience;
    cancels_ = 0;
    while (true) {
      const ByteLine::Got got = line_.read_byte(deadline);
      if (got.input == Input::hang_up) return ended(Answer::hung_up);
      if (got.input == Input::line) {
        if (is_cancel(got.byte)) return ended(Answer::cancelled);
        if (got.byte == control_c) return ended(Answer::stopped);
        if (begins(got.byte)) return {};
      }
      if (line_.now() >= deadline) {
        return fail(ErrorCode::unavailable,
                    fmt::format("no receiver began within {} s: nothing was sent", xmodem_patience.count()));
      }
    }
  }

  bool begins(std::uint8_t byte) {
    if (byte != crc_byte && byte != again_byte) return false;
    crc_ = long_ = byte == crc_byte;
    return true;
  }

  bool is_cancel(std::uint8_t byte) {
    cancels_ = byte == cancel_byte ? cancels_ + 1 : 0;
    return cancels_ == 2;  // one may be noise
  }

  [[nodiscard]] bool is_first() const { return at_ == 0; }

  [[nodiscard]] std::size_t length() const {
    // A long block that is filled with more than a short one's bytes is not worth its time.
    return long_ && file_.size() - at_ > long_bytes - short_bytes ? long_bytes : short_bytes;
  }

  [[nodiscard]] Bytes block(std::size_t length) const {
    constexpr std::size_t head = 3;
    Bytes bytes(head + length, filler);
    bytes[0] = length == long_bytes ? long_block : short_block;
    bytes[1] = number_;
    bytes[2] = static_cast<std::uint8_t>(~number_);
    const ByteView part = file_.subspan(at_, std::min(length, file_.size() - at_));
    std::copy(part.begin(), part.end(), bytes.begin() + head);
    const ByteView data = ByteView(bytes).subspan(head);
    if (crc_) {
      const std::uint16_t check = crc16(data);
      bytes.push_back(static_cast<std::uint8_t>(check >> 8U));
      bytes.push_back(static_cast<std::uint8_t>(check));
    } else {
      std::uint8_t sum = 0;
      for (const std::uint8_t byte : data)
        sum = static_cast<std::uint8_t>(sum + byte);
      bytes.push_back(sum);
    }
    return bytes;
  }

  // A block keeps its length under its number, or a receiver whose acknowledgement was lost would go on in
  // the wrong place. Only the first gets shorter, where it has surely been refused: who does not know long
  // blocks.
  Answer send_block() {
    unsigned refusals = 0;
    Answer last = Answer::silence;
    for (unsigned tries = 1; tries <= most_tries; ++tries) {
      const std::size_t sent = length();
      last = ask(block(sent));
      if (last == Answer::taken) {
        at_ += std::min(sent, file_.size() - at_);
        sent_ += sent;
        ++number_;
        if (tries > tries_of_long) long_ = false;
        return last;
      }
      if (is_end(last)) return last;
      if (last == Answer::wants_crc) crc_ = true;
      const bool surely = last == Answer::refused || last == Answer::wants_crc;
      refusals = surely ? refusals + 1 : 0;
      if (is_first() && refusals == tries_of_long) long_ = false;
    }
    return last;
  }

  Answer send_end() {
    Answer last = Answer::silence;
    for (unsigned tries = 0; tries < most_tries_of_end; ++tries) {
      last = ask({end_of_file});
      if (last == Answer::taken || is_end(last)) return last;
    }
    return last;
  }

  static bool is_end(Answer answer) {
    return answer == Answer::cancelled || answer == Answer::stopped || answer == Answer::hung_up;
  }

  Answer ask(const Bytes& bytes) {
    if (const Answer before = drain(); is_end(before)) return before;
    if (!line_.write_bytes(bytes)) return Answer::hung_up;
    const Clock::time_point sent = line_.now();
    Clock::time_point deadline = sent + answer_patience;
    Answer otherwise = Answer::silence;
    do {
      const ByteLine::Got got = line_.read_byte(deadline);
      if (got.input == Input::hang_up) return Answer::hung_up;
      if (got.input != Input::line) continue;
      if (is_cancel(got.byte)) return Answer::cancelled;
      if (got.byte == taken_byte) return Answer::taken;
      if (got.byte == again_byte) return line_.now() - sent < prompt ? Answer::refused : Answer::again;
      if (!is_first()) continue;
      if (got.byte == control_c) return Answer::stopped;
      if (got.byte == crc_byte && otherwise == Answer::silence) {
        otherwise = Answer::wants_crc;
        deadline = std::min<Clock::time_point>(deadline, line_.now() + crossing_patience);
      }
    } while (line_.now() < deadline);
    return otherwise;
  }

  // What came before something was sent is no answer to it; before the first block, the newest wish counts.
  Answer drain() {
    constexpr std::size_t most = 4096;
    for (std::size_t i = 0; i < most; ++i) {
      const ByteLine::Got got = line_.read_byte(line_.now());
      if (got.input == Input::hang_up) return Answer::hung_up;
      if (got.input != Input::line) break;
      if (is_cancel(got.byte)) return Answer::cancelled;
      if (is_first() && got.byte == control_c) return Answer::stopped;
      if (!asked_) static_cast<void>(begins(got.byte));
    }
    asked_ = true;
    return Answer::silence;
  }

  // What the receiver says afterwards is not typed.
  void settle() {
    constexpr auto quiet = seconds(1);
    const Clock::time_point end = line_.now() + seconds(5);
    while (line_.now() < end) {
      if (line_.read_byte(std::min<Clock::time_point>(end, line_.now() + quiet)).input != Input::line) return;
    }
  }

  ByteLine& line_;
  ByteView file_;
  std::size_t at_ = 0;
  std::size_t sent_ = 0;
  std::uint8_t number_ = 1;
  bool crc_ = false;
  bool long_ = false;
  bool asked_ = false;
  unsigned cancels_ = 0;
};

}  // namespace

Result<XmodemSent> send_by_xmodem(ByteLine& line, ByteView file) {
  return Sender(line, file).send();
}

}  // namespace wayside::console
