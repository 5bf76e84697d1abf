// What an XMODEM receiver sends: any bytes and any silences. The sender ends in time, what it writes is
// blocks as they should be, and what it says was sent is the file.
#include "src/device/console/xmodem.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace wayside;
using namespace wayside::console;
using namespace wayside::fuzz;

constexpr std::uint8_t silence = 0xf0;  // until the deadline
constexpr std::uint8_t pulled = 0xf1;   // the cable
constexpr std::uint8_t ready = 0xf2;    // nothing for now
constexpr std::uint8_t ack = 0x06;
constexpr std::size_t file_bytes = 2500;

class Line final : public ByteLine {
 public:
  Line(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}

  [[nodiscard]] Clock::time_point now() const override { return now_; }
  [[nodiscard]] Got read_byte(Clock::time_point deadline) override {
    require(++reads_ < 1'000'000, "it ends");
    const std::uint8_t byte = next_ == end_ ? silence : *next_++;
    const bool only_looks = deadline <= now_;
    now_ += std::chrono::milliseconds(1);
    if (byte == pulled) next_ = end_, gone_ = true;
    if (gone_) return {Input::hang_up, 0};
    if (byte == silence) now_ = std::max(now_, deadline);
    if (byte == silence || byte == ready) return {Input::idle, 0};
    taken_ = taken_ || (byte == ack && !only_looks);
    return {Input::line, byte};
  }
  [[nodiscard]] bool write_bytes(ByteView bytes) override {
    if (gone_) return false;
    // It was waited for; one that came before is no answer.
    if (std::exchange(taken_, false)) keep();
    last_.assign(bytes.begin(), bytes.end());
    require(!last_.empty(), "something is written");
    if (last_[0] == 0x04 || last_[0] == 0x18) {
      require(std::all_of(last_.begin(), last_.end(), [&](std::uint8_t byte) { return byte == last_[0]; }),
              "an end or a cancellation is nothing else");
      return true;
    }
    const std::size_t length = last_[0] == 0x01 ? 128 : last_[0] == 0x02 ? 1024 : 0;
    require(length > 0 && last_.size() > length + 3 && last_.size() <= length + 5, "a block has its length");
    require(last_[1] == static_cast<std::uint8_t>(number_) && last_[1] + last_[2] == 255,
            "a block has its number");
    return true;
  }
  void keep() {
    if (last_.empty() || last_[0] > 0x02) return;
    const std::size_t length = last_[0] == 0x01 ? 128 : 1024;
    kept_.insert(kept_.end(), last_.begin() + 3, last_.begin() + 3 + static_cast<std::ptrdiff_t>(length));
    ++number_;
  }
  [[nodiscard]] const Bytes& kept() const { return kept_; }
  [[nodiscard]] bool has_ended() const { return taken_ && last_ == Bytes{0x04}; }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
  Clock::time_point now_;
  Bytes last_, kept_;
  unsigned number_ = 1;
  std::size_t reads_ = 0;
  bool taken_ = false;
  bool gone_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Bytes file = [] {
    Bytes bytes(file_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    return bytes;
  }();
  Line line(data, size);
  const Result<XmodemSent> sent = send_by_xmodem(line, file);
  require(line.now() - ByteLine::Clock::time_point() < std::chrono::hours(2), "it ends in time");
  if (!sent) {
    require_good(sent.error());
    return 0;
  }
  require(line.has_ended(), "the end was taken");
  require(line.kept().size() == sent->received_bytes, "so much was received");
  require(line.kept().size() >= file.size() && line.kept().size() < file.size() + 128, "and a filled block");
  require(std::equal(file.begin(), file.end(), line.kept().begin()), "what was received is the file");
  return 0;
}
