#include "ordered_frames.hpp"

#include <algorithm>
#include <utility>

namespace wayside::roadsim {

OrderedFrames::OrderedFrames(const Scene& scene, int frames, int threads) : scene_(scene), frames_(frames) {
  const int machine = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int wanted = std::clamp(threads > 0 ? threads : machine, 1, std::max(1, frames));
  waiting_.resize(static_cast<std::size_t>(2 * wanted));
  for (int i = 0; i < wanted; ++i)
    threads_.emplace_back([this] { draw(); });
}

OrderedFrames::~OrderedFrames() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  threads_.clear();  // joined before what they use goes
}

DrawnFrame OrderedFrames::next() {
  std::unique_lock lock(mutex_);
  std::optional<DrawnFrame>& mine = place(handed_out_);
  changed_.wait(lock, [&] { return mine.has_value() || failed_ != nullptr; });
  if (!mine) std::rethrow_exception(failed_);
  DrawnFrame frame = std::move(*mine);
  mine.reset();
  ++handed_out_;
  lock.unlock();
  changed_.notify_all();
  return frame;
}

void OrderedFrames::draw() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] {
      return over_ || begun_ == frames_ || begun_ - handed_out_ < static_cast<int>(waiting_.size());
    });
    if (over_ || begun_ == frames_) return;
    const int frame = begun_++;
    lock.unlock();
    DrawnFrame drawn;
    std::exception_ptr failed;
    try {
      drawn.picture = scene_.render(frame, scene_.planned_exposure());
      drawn.plates = scene_.plates_at(frame);
    } catch (...) {
      failed = std::current_exception();  // thrown again where the frame is asked for
    }
    lock.lock();
    if (failed != nullptr) {
      failed_ = failed;
      over_ = true;
    } else {
      place(frame) = std::move(drawn);
    }
    changed_.notify_all();
  }
}

}  // namespace wayside::roadsim
