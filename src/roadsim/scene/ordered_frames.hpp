// Frames of a scene, drawn on several threads and handed out in order.
//
// Threads: next() from one thread. At most two frames a thread wait to be handed out: a slow reader holds the
// drawing back. The destructor lets the frames that are being drawn end and throws them away. Failure: next()
// throws what the drawing of that frame or one near it threw.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "wayside/roadsim/scene/scene.hpp"

namespace wayside::roadsim {

struct DrawnFrame {
  cv::Mat picture;
  std::vector<SeenPlate> plates;
};

class OrderedFrames {
 public:
  // threads: 0 for as many as the machine has. scene must live longer.
  OrderedFrames(const Scene& scene, int frames, int threads);
  OrderedFrames(const OrderedFrames&) = delete;
  OrderedFrames& operator=(const OrderedFrames&) = delete;
  ~OrderedFrames();

  // At most once a frame.
  [[nodiscard]] DrawnFrame next();

 private:
  void draw();
  [[nodiscard]] std::optional<DrawnFrame>& place(int frame) {
    return waiting_[static_cast<std::size_t>(frame) % waiting_.size()];
  }

  const Scene& scene_;
  const int frames_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<DrawnFrame>> waiting_;  // a ring by frame number
  int begun_ = 0;
  int handed_out_ = 0;
  bool over_ = false;
  std::exception_ptr failed_;
  std::vector<std::jthread> threads_;
};

}  // namespace wayside::roadsim
