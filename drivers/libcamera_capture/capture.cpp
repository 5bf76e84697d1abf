#include "drivers/libcamera_capture/capture.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <libcamera/camera.h>
#include <libcamera/camera_manager.h>
#include <libcamera/control_ids.h>
#include <libcamera/formats.h>
#include <libcamera/framebuffer_allocator.h>
#include <libcamera/property_ids.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "drivers/capture_link/messages.hpp"
#include "drivers/libcamera_capture/buffers.hpp"

namespace wayside::libcamera_capture {

namespace {

using namespace capture_link;
using libcamera::Camera;
using libcamera::CameraConfiguration;
using libcamera::CameraManager;
using libcamera::PixelFormat;
using libcamera::Request;
using libcamera::StreamConfiguration;

// Frames that are looked at where they lie come first; a grey sensor's are the smallest.
const std::array<PixelFormat, 4>& taken_formats() {
  static const std::array<PixelFormat, 4> formats = {libcamera::formats::R8, libcamera::formats::NV12,
                                                     libcamera::formats::YUV420, libcamera::formats::MJPEG};
  return formats;
}

// The camera's own buffers where each is emptied at once.
constexpr unsigned buffers_to_decode_from = 4;
// Frames that the camera is asked for at a time. Each is asked for with its exposure, so that what is asked
// now comes about with the one behind all of these; the other buffers wait here.
constexpr unsigned most_under_way = 4;

CameraFacts facts_of(const Camera& camera) {
  return {camera.id(), camera.properties().get(libcamera::properties::Model).value_or("")};
}

std::vector<OfferedFormat> offered_by(const StreamConfiguration& stream) {
  std::vector<OfferedFormat> offered;
  for (const PixelFormat& format : stream.formats().pixelformats()) {
    OfferedFormat one{format.toString(), {}};
    for (const libcamera::Size& size : stream.formats().sizes(format))
      one.sizes.emplace_back(size.width, size.height);
    offered.push_back(std::move(one));
  }
  return offered;
}

Trouble trouble_at(std::string_view step, int result) {
  const bool busy = result == -EBUSY;
  return {busy ? TroubleKind::busy : TroubleKind::failed,
          busy ? "another program has the camera; end that one"
               : fmt::format("libcamera could not {} the camera: {}", step, std::strerror(-result))};
}

std::optional<std::int32_t> whole(std::optional<float> gain) {
  if (!gain || !std::isfinite(*gain) || *gain < 0 || *gain > 1e6F) return std::nullopt;
  return static_cast<std::int32_t>(std::lround(*gain * 1000));
}

// A flag that one thread raises and another waits for.
class Bell {
 public:
  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
  }
  void silence() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken = ::read(event_.get(), &count, sizeof count);
  }
  [[nodiscard]] int descriptor() const { return event_.get(); }

 private:
  Descriptor event_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};

// What libcamera's thread has to say, kept for ours.
class Completed {
 public:
  void add(Request* request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    bell_.ring();
  }
  [[nodiscard]] std::vector<Request*> take() {
    bell_.silence();
    const std::lock_guard lock(mutex_);
    return std::exchange(requests_, {});
  }
  [[nodiscard]] const Bell& bell() const { return bell_; }

 private:
  Bell bell_;
  std::mutex mutex_;
  std::vector<Request*> requests_;
};

class Capture {
 public:
  Capture(const CaptureOptions& options, const Channel& daemon) : options_(options), daemon_(daemon) {}

  void run() {
    if (const int result = manager_.start(); result != 0) return tell(trouble_at("look for", result));
    manager_.cameraAdded.connect(this, [this](const std::shared_ptr<Camera>&) { changed_.ring(); });
    manager_.cameraRemoved.connect(this, [this](const std::shared_ptr<Camera>&) { changed_.ring(); });
    if (!find_camera()) return;
    if (const auto wrong = open()) return tell(*wrong);
    serve();
  }

 private:
  // False: the daemon has gone.
  bool find_camera() {
    std::optional<Trouble> told;
    for (;;) {
      changed_.silence();
      std::vector<std::shared_ptr<Camera>> present = manager_.cameras();
      std::vector<CameraFacts> facts;
      for (const auto& camera : present)
        facts.push_back(facts_of(*camera));
      const auto chosen = choose_camera(facts, options_.wish);
      if (chosen) {
        camera_ = present[*chosen];
        facts_ = facts[*chosen];
        return true;
      }
      if (told != chosen.error()) tell(chosen.error());
      told = chosen.error();
      present.clear();
      if (!wait_for(changed_)) return false;
    }
  }

  std::optional<Trouble> open() {
    if (const int result = camera_->acquire(); result != 0) return trouble_at("take", result);
    // A camera that has gone is best left without another call to libcamera.
    camera_->disconnected.connect(this, [this] {
      tell(Trouble{TroubleKind::unplugged, "the camera was unplugged; check its cable and its power"});
      ::_exit(0);
    });
    if (const auto wrong = agree()) return wrong;
    if (const int result = camera_->configure(agreed_.get()); result != 0)
      return trouble_at("configure", result);
    const StreamConfiguration& stream = agreed_->at(0);
    allocator_ = std::make_unique<libcamera::FrameBufferAllocator>(camera_);
    if (const int result = allocator_->allocate(stream.stream()); result < 0)
      return trouble_at("allocate buffers of", result);
    const CameraBuffers& buffers = allocator_->buffers(stream.stream());
    if (buffers.empty() || buffers.size() > most_slots)
      return Trouble{TroubleKind::failed, fmt::format("the camera has {} buffers", buffers.size())};
    const bool compressed = stream.pixelFormat == libcamera::formats::MJPEG;
    Result<std::unique_ptr<Slots>> slots =
        compressed ? slots_decoded(buffers, stream, slots_wanted()) : slots_in_place(buffers, stream);
    if (!slots) return Trouble{TroubleKind::failed, slots.error().message};
    slots_ = std::move(*slots);
    for (const auto& buffer : buffers) {
      requests_.push_back(camera_->createRequest(requests_.size()));
      if (!requests_.back() || requests_.back()->addBuffer(stream.stream(), buffer.get()) != 0)
        return Trouble{TroubleKind::failed, "libcamera made no request for a frame"};
    }
    return std::nullopt;
  }

  // The first of the formats that we take in just the size that is wanted.
  std::optional<Trouble> agree() {
    agreed_ = camera_->generateConfiguration({libcamera::StreamRole::VideoRecording});
    if (!agreed_ || agreed_->empty()) return wrong_format({}, options_.width, options_.height);
    const std::vector<OfferedFormat> offered = offered_by(agreed_->at(0));
    const std::vector<PixelFormat> formats = agreed_->at(0).formats().pixelformats();
    const libcamera::Size size(options_.width, options_.height);
    for (const PixelFormat& format : taken_formats()) {
      if (std::find(formats.begin(), formats.end(), format) == formats.end()) continue;
      StreamConfiguration& stream = agreed_->at(0);
      stream.pixelFormat = format;
      stream.size = size;
      stream.bufferCount =
          format == libcamera::formats::MJPEG ? buffers_to_decode_from : unsigned{slots_wanted()};
      stream.colorSpace = libcamera::ColorSpace::Sycc;
      if (agreed_->validate() == CameraConfiguration::Invalid) continue;
      if (agreed_->at(0).pixelFormat == format && agreed_->at(0).size == size) return std::nullopt;
    }
    return wrong_format(offered, options_.width, options_.height);
  }

  void serve() {
    const StreamConfiguration& stream = agreed_->at(0);
    tell(Stream{stream.size.width, stream.size.height, slots_->count(), slots_->in_place(),
                stream.pixelFormat.toString(), facts_.id, facts_.model, exposure_range(), gain_range()});
    slots_->introduce(daemon_);
    camera_->requestCompleted.connect(this, [this](Request* request) { completed_.add(request); });
    libcamera::ControlList first(camera_->controls());
    if (offers(libcamera::controls::FrameDurationLimits.id())) {
      const auto duration_us = static_cast<std::int64_t>(1e6 / options_.frames_per_s);
      first.set(libcamera::controls::FrameDurationLimits,
                libcamera::Span<const std::int64_t, 2>({duration_us, duration_us}));
    }
    if (const int result = camera_->start(&first); result != 0) return tell(trouble_at("start", result));
    for (const auto& request : requests_) {
      if (under_way_ == most_under_way) {
        idle_.push_back(request.get());
      } else if (const int result = camera_->queueRequest(request.get()); result != 0) {
        return tell(trouble_at("ask for a frame of", result));
      } else {
        ++under_way_;
      }
    }
    while (wait_for(completed_.bell())) {
      for (Request* request : completed_.take())
        hand_over(*request);
    }
  }

  void hand_over(Request& request) {
    --under_way_;
    if (request.status() == Request::RequestCancelled) return;  // the camera is stopping
    const auto at = static_cast<std::size_t>(request.cookie());
    const libcamera::FrameBuffer& buffer = *request.buffers().begin()->second;
    const libcamera::FrameMetadata& metadata = buffer.metadata();
    const bool whole_frame = metadata.status == libcamera::FrameMetadata::FrameSuccess &&
                             !metadata.planes().empty() && metadata.planes()[0].bytesused != 0;
    const Slots::Outcome outcome =
        whole_frame ? slots_->fill(at, buffer) : Slots::Outcome(SkipReason::damaged);
    bool lent = false;
    if (const auto* filled = std::get_if<Slots::Filled>(&outcome)) {
      FrameReady ready;
      ready.slot = filled->slot;
      ready.sequence = metadata.sequence;
      ready.picture = filled->picture;
      const libcamera::ControlList& said = request.metadata();
      ready.timestamp_ns =
          std::max<std::int64_t>(0, said.get(libcamera::controls::SensorTimestamp)
                                        .value_or(static_cast<std::int64_t>(metadata.timestamp)));
      const auto exposure_us = said.get(libcamera::controls::ExposureTime);
      if (exposure_us && *exposure_us >= 0) ready.exposure_us = *exposure_us;
      ready.gain_thousandths = whole(said.get(libcamera::controls::AnalogueGain));
      // A daemon that does not read gets no frame; the next one's number tells it.
      lent = daemon_.send(encode(ready)) == Sent::done;
      if (!lent) slots_->give_back(filled->slot);
    } else {
      tell(Skipped{metadata.sequence, std::get<SkipReason>(outcome)});
    }
    if (!lent || !slots_->in_place()) give_back(at);
    ask_again();
  }

  void give_back(std::size_t at) {
    requests_[at]->reuse(Request::ReuseBuffers);
    idle_.push_back(requests_[at].get());
  }

  void ask_again() {
    while (under_way_ < most_under_way && !idle_.empty()) {
      Request* const request = idle_.front();
      idle_.pop_front();
      ask_with_controls(*request);
    }
  }

  void ask_with_controls(Request& request) {
    if (controls_.exposure_us && offers(libcamera::controls::ExposureTime.id())) {
      if (offers(libcamera::controls::AeEnable.id()))
        request.controls().set(libcamera::controls::AeEnable, false);
      request.controls().set(libcamera::controls::ExposureTime, *controls_.exposure_us);
    }
    if (controls_.gain_thousandths && offers(libcamera::controls::AnalogueGain.id()))
      request.controls().set(libcamera::controls::AnalogueGain,
                             static_cast<float>(*controls_.gain_thousandths) / 1000);
    controls_ = {};
    if (camera_->queueRequest(&request) == 0) ++under_way_;
  }

  // Hears the daemon meanwhile. False: it has gone, or is not to be believed.
  bool wait_for(const Bell& bell) {
    for (;;) {
      std::array<pollfd, 2> watched{pollfd{bell.descriptor(), POLLIN, 0},
                                    pollfd{daemon_.descriptor(), POLLIN, 0}};
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return false;
      if (watched[1].revents != 0 && !hear()) return false;
      if (watched[0].revents != 0) return true;
    }
  }

  bool hear() {
    for (;;) {
      const auto received = daemon_.receive();
      if (!received) return false;
      if (!*received) return true;
      const Result<Message> message = decode((*received)->message);
      if (!message) return false;
      if (const auto* back = std::get_if<Return>(&*message)) {
        if (!slots_ || back->slot >= slots_->count()) return false;
        slots_->give_back(back->slot);
        if (slots_->in_place()) {
          give_back(back->slot);
          ask_again();
        }
      } else if (const auto* controls = std::get_if<Controls>(&*message)) {
        controls_ = *controls;
      } else {
        return false;
      }
    }
  }

  [[nodiscard]] bool offers(unsigned control) const {
    return camera_->controls().find(control) != camera_->controls().end();
  }
  [[nodiscard]] std::optional<Range> exposure_range() const {
    const auto control = camera_->controls().find(libcamera::controls::ExposureTime.id());
    if (control == camera_->controls().end() ||
        control->second.min().type() != libcamera::ControlTypeInteger32)
      return std::nullopt;
    const Range range{control->second.min().get<std::int32_t>(), control->second.max().get<std::int32_t>()};
    return range.least >= 0 && range.least <= range.most ? std::optional(range) : std::nullopt;
  }
  [[nodiscard]] std::optional<Range> gain_range() const {
    const auto control = camera_->controls().find(libcamera::controls::AnalogueGain.id());
    if (control == camera_->controls().end() || control->second.min().type() != libcamera::ControlTypeFloat)
      return std::nullopt;
    const auto least = whole(control->second.min().get<float>());
    const auto most = whole(control->second.max().get<float>());
    return least && most && *least <= *most ? std::optional(Range{*least, *most}) : std::nullopt;
  }
  [[nodiscard]] std::uint8_t slots_wanted() const {
    return static_cast<std::uint8_t>(std::clamp<std::uint32_t>(options_.slots, 1, most_slots));
  }
  void tell(const Message& message) const { static_cast<void>(daemon_.send(encode(message))); }

  const CaptureOptions& options_;
  const Channel& daemon_;
  Bell changed_;
  Completed completed_;
  CameraManager manager_;
  std::shared_ptr<Camera> camera_;
  CameraFacts facts_;
  std::unique_ptr<CameraConfiguration> agreed_;
  std::unique_ptr<libcamera::FrameBufferAllocator> allocator_;
  std::unique_ptr<Slots> slots_;
  std::vector<std::unique_ptr<Request>> requests_;
  std::deque<Request*> idle_;
  unsigned under_way_ = 0;
  Controls controls_;  // not asked for yet
};

}  // namespace

void capture(const CaptureOptions& options, const Channel& daemon) {
  // Never taken apart: the process ends first.
  auto* capture = new Capture(options, daemon);  // NOLINT: see above
  capture->run();
  ::_exit(0);
}

Result<std::vector<ListedCamera>> list_cameras() {
  CameraManager manager;
  if (const int result = manager.start(); result != 0)
    return fail(ErrorCode::io, fmt::format("libcamera does not start: {}", std::strerror(-result)));
  std::vector<ListedCamera> listed;
  for (const auto& camera : manager.cameras()) {
    const auto configuration = camera->generateConfiguration({libcamera::StreamRole::VideoRecording});
    const bool any = configuration && !configuration->empty();
    listed.push_back(
        {facts_of(*camera), any ? offered_by(configuration->at(0)) : std::vector<OfferedFormat>{}});
  }
  manager.stop();
  return listed;
}

}  // namespace wayside::libcamera_capture
