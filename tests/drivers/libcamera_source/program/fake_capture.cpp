// A capture process whose behaviour a test decides: fake_capture FOLDER. What it does at each of its
// starts stands in FOLDER/lives, a word a line; at its end the last word stays.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "drivers/capture_link/channel.hpp"
#include "drivers/capture_link/messages.hpp"
#include "drivers/capture_link/slot_memory.hpp"

namespace {

using namespace wayside;
using namespace wayside::capture_link;

constexpr std::uint32_t width = 64;
constexpr std::uint32_t height = 48;
constexpr std::uint8_t slots = 4;
constexpr std::uint32_t stride = 80;
constexpr std::uint64_t slot_bytes = std::uint64_t{stride} * height + 2 * 32 * 24;

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Fake {
 public:
  Fake() : channel_(Descriptor(3)) {}

  void begin_stream() {
    say(Stream{width, height, slots, false, "FAKE", "fake", "a fake", Range{20, 10'000}});
    for (std::uint8_t slot = 0; slot < slots; ++slot) {
      memory_.push_back(make_memory(slot_bytes).value());
      const std::array<int, 1> descriptor{memory_.back().descriptor.get()};
      channel_.send(encode(Slot{slot, 1, {slot_bytes, 0, 0}}), descriptor);
    }
  }

  FrameReady frame(std::uint8_t slot, std::uint32_t sequence) {
    FrameReady ready;
    ready.slot = slot;
    ready.sequence = sequence;
    ready.timestamp_ns = now_ns();
    ready.exposure_us = controls_.exposure_us;
    ready.gain_thousandths = controls_.gain_thousandths;
    ready.picture.width = width;
    ready.picture.height = height;
    ready.picture.luma = {0, 0, stride};
    ready.picture.chroma = Chroma::planar;
    ready.picture.chroma_width = 32;
    ready.picture.chroma_height = 24;
    ready.picture.first = {0, stride * height, 32};
    ready.picture.second = {0, stride * height + 32 * 24, 32};
    return ready;
  }

  // Draws the sequence number's lowest byte; waits until a slot is free.
  void give(std::uint32_t sequence) {
    while (free_.empty())
      hear(-1);
    const std::uint8_t slot = free_.back();
    free_.pop_back();
    std::memset(memory_[slot].mapping.data(), static_cast<int>(sequence & 0xFF), stride * height);
    std::memset(memory_[slot].mapping.data() + stride * height, 128, 2 * 32 * 24);
    say(frame(slot, sequence));
  }

  // Frames without end, one every 5 ms, and word after word of what a test asks for.
  void stream(std::uint32_t from = 0) {
    for (std::uint32_t sequence = from;; ++sequence) {
      give(sequence);
      hear(5);
    }
  }

  void say(const Message& message) { say(encode(message)); }
  void say(ByteView bytes) {
    if (channel_.send(bytes) == Sent::closed) std::_Exit(0);
  }

  void hear(int limit_ms) {
    pollfd readable{channel_.descriptor(), POLLIN, 0};
    if (::poll(&readable, 1, limit_ms) != 1) return;
    const auto received = channel_.receive();
    if (!received) std::_Exit(0);
    if (!*received) return;
    const auto message = decode((*received)->message);
    if (!message) std::_Exit(9);
    if (const auto* back = std::get_if<Return>(&*message)) free_.push_back(back->slot);
    if (const auto* controls = std::get_if<Controls>(&*message)) controls_ = *controls;
  }

  void hang() {
    for (;;)
      ::pause();
  }

  void live(const std::string& word) {
    if (word == "die") std::_Exit(7);
    if (word == "hang") hang();
    if (word == "none") trouble(TroubleKind::none_present);
    if (word == "busy") trouble(TroubleKind::busy);
    if (word == "format") trouble(TroubleKind::wrong_format);
    if (word == "undecided") trouble(TroubleKind::undecided);
    while (word == "chatters") {
      say(Trouble{TroubleKind::none_present, "one"});
      say(Trouble{TroubleKind::busy, "another"});
      ::poll(nullptr, 0, 5);
    }
    if (word == "garbage") say(Bytes{1, 2, 3, 4});
    if (word == "frame-first") say(frame(0, 0));
    if (word == "long") say(Bytes(most_message_bytes + 100));
    if (word == "arrives") {  // waits for a camera, which comes
      say(Trouble{TroubleKind::none_present, "none yet"});
      ::poll(nullptr, 0, 50);
    }
    begin_stream();
    if (word == "outside") {
      FrameReady bad = frame(0, 0);
      bad.picture.luma.offset = 2000;
      say(bad);
    }
    if (word == "larger") {
      FrameReady bad = frame(0, 0);
      bad.picture.width = 65;
      say(bad);
    }
    if (word == "twice") {
      say(frame(0, 0));
      say(frame(0, 1));
    }
    if (word == "no-slot") say(frame(slots, 0));
    if (word == "second-stream") say(Stream{width, height, slots, false, "", "", ""});
    if (word == "silent") hang();
    if (word == "damaged") {
      give(0);
      for (std::uint32_t sequence = 1;; ++sequence) {
        say(Skipped{sequence, SkipReason::damaged});
        hear(5);
      }
    }
    if (word == "loses-slots") {
      give(0);
      for (std::uint32_t sequence = 1;; ++sequence) {
        say(Skipped{sequence, SkipReason::no_slot});
        hear(5);
      }
    }
    if (word == "floods") {
      give(0);
      for (std::uint32_t sequence = 1;; ++sequence)
        say(Skipped{sequence, SkipReason::damaged});
    }
    if (word == "resized") {
      give(0);
      for (std::uint32_t sequence = 1;; ++sequence) {
        say(Skipped{sequence, SkipReason::wrong_size});
        hear(5);
      }
    }
    if (word == "segfault") {
      give(0);
      ::signal(SIGSEGV, SIG_DFL);
      ::raise(SIGSEGV);
    }
    if (word == "gaps") {
      for (const std::uint32_t sequence : {0U, 1U, 1U, 5U, 3U, 6U})
        give(sequence);
      say(Skipped{7, SkipReason::no_slot});
      say(Skipped{8, SkipReason::damaged});
      stream(9);
    }
    if (word == "wraps") stream(0xFFFFFFFE);
    if (word == "old") {
      FrameReady old = frame(0, 0);
      old.timestamp_ns -= 20'000'000'000;
      say(old);
      hang();
    }
    if (word == "unplug") {
      give(0);
      say(Trouble{TroubleKind::unplugged, "gone"});
      give(1);  // was on its way
      std::_Exit(0);
    }
    stream();
  }

 private:
  void trouble(TroubleKind kind) {
    say(Trouble{kind, "as the test says"});
    std::_Exit(0);
  }

  Channel channel_;
  std::vector<OwnMemory> memory_;
  std::vector<std::uint8_t> free_{0, 1, 2, 3};
  Controls controls_;
};

std::string next_life(const std::filesystem::path& folder) {
  std::vector<std::string> lives;
  {
    std::ifstream in(folder / "lives");
    for (std::string line; std::getline(in, line);)
      lives.push_back(line);
  }
  if (lives.empty()) return "die";
  const std::string word = lives.front();
  if (lives.size() > 1) lives.erase(lives.begin());
  std::ofstream out(folder / "lives.new");
  for (const std::string& life : lives)
    out << life << '\n';
  out.close();
  std::filesystem::rename(folder / "lives.new", folder / "lives");
  return word;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::filesystem::path folder = argv[1];
  Fake().live(next_life(folder));
  return 0;
}
