#include "drivers/libcamera_capture/buffers.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <libcamera/formats.h>

#include "drivers/capture_link/slot_memory.hpp"
#include "drivers/libcamera_capture/jpeg_planes.hpp"

namespace wayside::libcamera_capture {

namespace {

using namespace capture_link;
using libcamera::FrameBuffer;
using libcamera::StreamConfiguration;

std::uint32_t offset_of(const FrameBuffer::Plane& plane) {
  return plane.offset == FrameBuffer::Plane::kInvalidOffset ? 0 : plane.offset;
}

// The planes of one buffer often lie in one file, one behind the other.
struct Files {
  std::vector<int> descriptors;
  std::vector<std::uint64_t> bytes;
};

Files files_of(const FrameBuffer& buffer) {
  Files files;
  for (const FrameBuffer::Plane& plane : buffer.planes()) {
    const int descriptor = plane.fd.get();
    const auto found = std::find(files.descriptors.begin(), files.descriptors.end(), descriptor);
    const auto at = static_cast<std::size_t>(found - files.descriptors.begin());
    if (found == files.descriptors.end()) {
      files.descriptors.push_back(descriptor);
      files.bytes.push_back(0);
    }
    files.bytes[at] = std::max(files.bytes[at], std::uint64_t{offset_of(plane)} + plane.length);
  }
  return files;
}

class InPlace final : public Slots {
 public:
  InPlace(const CameraBuffers& buffers, const StreamConfiguration& agreed) : agreed_(agreed) {
    for (const auto& buffer : buffers)
      files_.push_back(files_of(*buffer));
  }
  [[nodiscard]] bool in_place() const override { return true; }
  [[nodiscard]] std::uint8_t count() const override { return static_cast<std::uint8_t>(files_.size()); }
  void introduce(const Channel& daemon) const override {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      Slot slot;
      slot.number = static_cast<std::uint8_t>(i);
      slot.parts = static_cast<std::uint8_t>(files_[i].descriptors.size());
      std::copy(files_[i].bytes.begin(), files_[i].bytes.end(), slot.bytes.begin());
      static_cast<void>(daemon.send(encode(slot), files_[i].descriptors));
    }
  }
  [[nodiscard]] Outcome fill(std::size_t buffer, const FrameBuffer& frame) override {
    Picture picture;
    picture.width = agreed_.size.width;
    picture.height = agreed_.size.height;
    picture.luma = plane(buffer, frame, 0, 0);
    const std::uint32_t luma_bytes = agreed_.stride * agreed_.size.height;
    if (agreed_.pixelFormat != libcamera::formats::R8) {
      picture.chroma_width = picture.width / 2;
      picture.chroma_height = picture.height / 2;
      picture.first = plane(buffer, frame, 1, luma_bytes);
    }
    if (agreed_.pixelFormat == libcamera::formats::NV12) {
      picture.chroma = Chroma::interleaved;
      picture.second = picture.first;
    } else if (agreed_.pixelFormat == libcamera::formats::YUV420) {
      picture.chroma = Chroma::planar;
      picture.second = plane(buffer, frame, 2, luma_bytes + luma_bytes / 4);
      picture.first.stride = picture.second.stride = agreed_.stride / 2;
    }
    return Filled{static_cast<std::uint8_t>(buffer), picture};
  }
  void give_back(std::uint8_t) override {}

 private:
  // contiguous: where it lies behind the first one, where the buffer does not name it.
  [[nodiscard]] Plane plane(std::size_t buffer, const FrameBuffer& frame, std::size_t number,
                            std::uint32_t contiguous) const {
    const bool named = number < frame.planes().size();
    const FrameBuffer::Plane& at = frame.planes()[named ? number : 0];
    const auto& files = files_[buffer].descriptors;
    const auto part = std::find(files.begin(), files.end(), at.fd.get()) - files.begin();
    return {static_cast<std::uint8_t>(part), offset_of(at) + (named ? 0 : contiguous), agreed_.stride};
  }

  StreamConfiguration agreed_;
  std::vector<Files> files_;
};

class Decoded final : public Slots {
 public:
  Decoded(std::vector<Part> compressed, std::vector<std::uint32_t> offsets, std::vector<OwnMemory> memory,
          const StreamConfiguration& agreed)
      : compressed_(std::move(compressed)),
        offsets_(std::move(offsets)),
        memory_(std::move(memory)),
        width_(agreed.size.width),
        height_(agreed.size.height) {
    for (std::size_t slot = memory_.size(); slot-- > 0;)
      free_.push_back(static_cast<std::uint8_t>(slot));
  }
  [[nodiscard]] bool in_place() const override { return false; }
  [[nodiscard]] std::uint8_t count() const override { return static_cast<std::uint8_t>(memory_.size()); }
  void introduce(const Channel& daemon) const override {
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      const std::array<int, 1> descriptor{memory_[i].descriptor.get()};
      const Slot slot{static_cast<std::uint8_t>(i), 1, {memory_[i].mapping.bytes(), 0, 0}};
      static_cast<void>(daemon.send(encode(slot), descriptor));
    }
  }
  [[nodiscard]] Outcome fill(std::size_t buffer, const FrameBuffer& frame) override {
    if (free_.empty()) return SkipReason::no_slot;
    const Part& from = compressed_[buffer];
    const std::uint64_t used = frame.metadata().planes()[0].bytesused;
    if (offsets_[buffer] + used > from.mapping.bytes()) return SkipReason::damaged;
    const std::uint8_t slot = free_.back();
    const Mapping& to = memory_[slot].mapping;
    begin_reading(from);
    const auto picture = decoder_.decode(ByteView(from.mapping.data() + offsets_[buffer], used), width_,
                                         height_, {to.data(), to.bytes()});
    end_reading(from);
    if (!picture) return picture.error();
    free_.pop_back();
    return Filled{slot, *picture};
  }
  void give_back(std::uint8_t slot) override {
    if (slot < memory_.size() && std::find(free_.begin(), free_.end(), slot) == free_.end())
      free_.push_back(slot);
  }

 private:
  std::vector<Part> compressed_;
  std::vector<std::uint32_t> offsets_;
  std::vector<OwnMemory> memory_;
  std::vector<std::uint8_t> free_;
  std::uint32_t width_;
  std::uint32_t height_;
  JpegPlanes decoder_;
};

}  // namespace

Result<std::unique_ptr<Slots>> slots_in_place(const CameraBuffers& buffers,
                                              const StreamConfiguration& agreed) {
  for (const auto& buffer : buffers) {
    if (files_of(*buffer).descriptors.size() > most_parts)
      return fail(ErrorCode::unsupported, "a frame of this camera lies in more files than three");
  }
  return std::make_unique<InPlace>(buffers, agreed);
}

Result<std::unique_ptr<Slots>> slots_decoded(const CameraBuffers& buffers, const StreamConfiguration& agreed,
                                             std::uint8_t count) {
  std::vector<Part> compressed;
  std::vector<std::uint32_t> offsets;
  for (const auto& buffer : buffers) {
    const FrameBuffer::Plane& plane = buffer->planes().front();
    Result<Part> part = map_part(Descriptor(::fcntl(plane.fd.get(), F_DUPFD_CLOEXEC, 0)),
                                 std::uint64_t{offset_of(plane)} + plane.length);
    if (!part) return fail(part.error().context("the camera's buffer"));
    compressed.push_back(std::move(*part));
    offsets.push_back(offset_of(plane));
  }
  std::vector<OwnMemory> memory;
  for (std::uint8_t i = 0; i < count; ++i) {
    Result<OwnMemory> made = make_memory(planes_bytes(agreed.size.width, agreed.size.height));
    if (!made) return fail(made.error());
    memory.push_back(std::move(*made));
  }
  return std::make_unique<Decoded>(std::move(compressed), std::move(offsets), std::move(memory), agreed);
}

}  // namespace wayside::libcamera_capture
