#include "wayside/delivery/upload/uploader.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "src/delivery/upload/upload_engine.hpp"

namespace wayside::upload {

namespace {

class ThreadUploader : public Uploader {
 public:
  ThreadUploader(const UploaderOptions& options, RecordQueue& queue, BackOffice& back_office,
                 CounterSet& counters)
      : queue_(queue), engine_(options, queue, back_office, counters, std::chrono::steady_clock::now) {}

  void run(std::stop_token stop) override {
    while (!stop.stop_requested()) {
      {
        const std::lock_guard lock(mutex_);
        woken_ = false;
      }
      const std::optional<UploadEngine::Wait> wait = engine_.step();
      std::unique_lock lock(mutex_);
      drained_to_ = wait ? wait->drained_to : std::nullopt;
      changed_.notify_all();
      if (!wait) continue;
      const auto enough = [&] { return wait->records_end_it && woken_; };
      if (wait->until) {
        changed_.wait_until(lock, stop, *wait->until, enough);
      } else {
        changed_.wait(lock, stop, enough);
      }
    }
  }

  void wake() override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }

  bool wait_drained(std::chrono::milliseconds limit) override {
    wake();
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] {
      // Who appended since the last look has work left, woken or not.
      return (drained_to_ && *drained_to_ == queue_.chain().number) ||
             queue_.waiting(RecordQueue::Order::oldest_first, std::nullopt, 1).empty();
    });
  }

  [[nodiscard]] UploaderState state() const override { return engine_.state(); }

 private:
  RecordQueue& queue_;
  UploadEngine engine_;  // run() only, but for state()
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;                        // mutex_
  std::optional<SequenceNumber> drained_to_;  // mutex_
};

}  // namespace

}  // namespace wayside::upload

namespace wayside {

std::unique_ptr<Uploader> make_uploader(UploaderOptions options, RecordQueue& queue, BackOffice& back_office,
                                        CounterSet& counters) {
  return std::make_unique<upload::ThreadUploader>(options, queue, back_office, counters);
}

}  // namespace wayside
