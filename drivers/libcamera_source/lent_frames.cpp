#include "drivers/libcamera_source/lent_frames.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "drivers/capture_link/slot_memory.hpp"

namespace wayside::libcamera_source {

using namespace capture_link;

struct LentFrames::Slots {
  explicit Slots(Channel own) : channel(std::move(own)) {}
  Channel channel;
  // Filled before the first frame, and never changed again.
  std::vector<std::vector<Part>> parts;

  std::mutex mutex;
  std::vector<bool> lent;
};

// Its end gives the slot back.
class LentFrames::Lease {
 public:
  Lease(std::shared_ptr<Slots> slots, std::uint8_t slot) : slots_(std::move(slots)), slot_(slot) {
    for (const Part& part : slots_->parts[slot_])
      begin_reading(part);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    for (const Part& part : slots_->parts[slot_])
      end_reading(part);
    {
      const std::lock_guard lock(slots_->mutex);
      slots_->lent[slot_] = false;
    }
    // A process that has ended needs it no more; one that reads nothing is soon ended as stalled.
    static_cast<void>(slots_->channel.send(encode(Return{slot_})));
  }

 private:
  std::shared_ptr<Slots> slots_;
  std::uint8_t slot_;
};

namespace {

tl::unexpected<Error> not_believed(std::string_view why) {
  return fail(ErrorCode::corrupt, fmt::format("the capture process {}", why));
}

}  // namespace

struct LentFrames::Handler {
  LentFrames& self;
  std::vector<Descriptor>& descriptors;
  using Answer = Result<std::optional<Event>>;

  [[nodiscard]] bool ready() const {
    return self.stream_ && self.slots_->parts.size() == self.stream_->slots;
  }

  Answer operator()(const Stream& stream) const {
    if (self.stream_) return not_believed("began its stream twice");
    self.stream_ = stream;
    return Event(stream);
  }
  Answer operator()(const Slot& slot) const {
    Slots& slots = *self.slots_;
    if (!self.stream_ || ready() || slot.number != slots.parts.size() || descriptors.size() != slot.parts)
      return not_believed("named a slot out of turn");
    std::vector<Part> parts;
    for (std::size_t i = 0; i < slot.parts; ++i) {
      Result<Part> part = map_part(std::move(descriptors[i]), slot.bytes[i]);
      if (!part) return fail(part.error().context("the capture process's slot"));
      parts.push_back(std::move(*part));
    }
    slots.parts.push_back(std::move(parts));
    const std::lock_guard lock(slots.mutex);
    slots.lent.push_back(false);
    return std::nullopt;
  }
  Answer operator()(const FrameReady& frame) const {
    if (!ready()) return not_believed("gave a frame before its slots");
    const Picture& picture = frame.picture;
    if (frame.slot >= self.slots_->parts.size() || picture.width != self.stream_->width ||
        picture.height != self.stream_->height || !within_slot(frame)) {
      return not_believed("gave a frame that does not lie in its slot");
    }
    {
      const std::lock_guard lock(self.slots_->mutex);
      if (self.slots_->lent[frame.slot]) return not_believed("gave a slot that it had lent");
      self.slots_->lent[frame.slot] = true;
    }
    LentFrame lent;
    lent.facts = frame;
    lent.lease = std::make_shared<Lease>(self.slots_, frame.slot);
    lent.luma = view(frame.slot, picture.luma, picture.width, picture.height, CV_8UC1);
    if (picture.chroma == Chroma::none) return Event(std::move(lent));
    const int type = picture.chroma == Chroma::interleaved ? CV_8UC2 : CV_8UC1;
    lent.first_chroma = view(frame.slot, picture.first, picture.chroma_width, picture.chroma_height, type);
    if (type == CV_8UC1)
      lent.second_chroma =
          view(frame.slot, picture.second, picture.chroma_width, picture.chroma_height, type);
    return Event(std::move(lent));
  }
  Answer operator()(const Skipped& skipped) const {
    if (!ready()) return not_believed("skipped a frame before its slots");
    return Event(skipped);
  }
  Answer operator()(const Trouble& trouble) const { return Event(trouble); }
  Answer operator()(const Return&) const { return not_believed("gave back a slot"); }
  Answer operator()(const Controls&) const { return not_believed("set controls"); }

  [[nodiscard]] bool within_slot(const FrameReady& frame) const {
    const std::vector<Part>& parts = self.slots_->parts[frame.slot];
    const Picture& picture = frame.picture;
    const auto lies = [&](const Plane& plane, std::uint64_t row_bytes, std::uint64_t rows) {
      return plane.part < parts.size() &&
             lies_within(plane, row_bytes, rows, parts[plane.part].mapping.bytes());
    };
    const std::uint64_t chroma_row =
        std::uint64_t{picture.chroma_width} * (picture.chroma == Chroma::interleaved ? 2 : 1);
    return lies(picture.luma, picture.width, picture.height) &&
           (picture.chroma == Chroma::none || (lies(picture.first, chroma_row, picture.chroma_height) &&
                                               lies(picture.second, chroma_row, picture.chroma_height)));
  }

  [[nodiscard]] cv::Mat view(std::uint8_t slot, const Plane& plane, std::uint32_t width, std::uint32_t height,
                             int type) const {
    std::uint8_t* data = self.slots_->parts[slot][plane.part].mapping.data() + plane.offset;
    return cv::Mat(static_cast<int>(height), static_cast<int>(width), type, data, plane.stride);
  }
};

LentFrames::LentFrames(Channel channel) : slots_(std::make_shared<Slots>(std::move(channel))) {}

Result<std::optional<LentFrames::Event>> LentFrames::next() {
  for (;;) {
    Result<std::optional<Channel::Received>> received = slots_->channel.receive();
    if (!received) return fail(received.error());
    if (!*received) return std::nullopt;
    const Result<Message> message = decode((*received)->message);
    if (!message) return fail(message.error().context("the capture process said"));
    if (!(*received)->descriptors.empty() && !std::holds_alternative<Slot>(*message))
      return not_believed("sent a descriptor with no slot");
    Result<std::optional<Event>> event = std::visit(Handler{*this, (*received)->descriptors}, *message);
    if (!event || *event) return event;
  }
}

void LentFrames::set_controls(const Controls& controls) {
  static_cast<void>(slots_->channel.send(encode(controls)));
}

bool LentFrames::all_lent() const {
  const std::lock_guard lock(slots_->mutex);
  return !slots_->lent.empty() &&
         std::all_of(slots_->lent.begin(), slots_->lent.end(), [](bool l) { return l; });
}

int LentFrames::descriptor() const {
  return slots_->channel.descriptor();
}

cv::Mat bgr_of(const cv::Mat& luma, const cv::Mat& first_chroma, const cv::Mat& second_chroma) {
  std::array<cv::Mat, 3> planes;  // Y, Cr, Cb: OpenCV's order
  planes[0] = luma;
  cv::Mat wide;
  cv::resize(first_chroma, wide, luma.size(), 0, 0, cv::INTER_LINEAR);
  if (first_chroma.channels() == 2) {
    cv::extractChannel(wide, planes[2], 0);
    cv::extractChannel(wide, planes[1], 1);
  } else {
    planes[2] = wide;
    cv::resize(second_chroma, planes[1], luma.size(), 0, 0, cv::INTER_LINEAR);
  }
  cv::Mat merged;
  cv::merge(planes.data(), planes.size(), merged);
  cv::Mat bgr;
  cv::cvtColor(merged, bgr, cv::COLOR_YCrCb2BGR);
  return bgr;
}

}  // namespace wayside::libcamera_source
