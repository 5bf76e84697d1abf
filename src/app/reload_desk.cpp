#include "src/app/reload_desk.hpp"

namespace wayside::app {

namespace {

tl::unexpected<Error> is_ending() {
  return fail(ErrorCode::unavailable, "the camera is ending: ask again when it has begun");
}

}  // namespace

nlohmann::json reload_answer(const Reloaded& reloaded) {
  std::vector<std::string> applied = reloaded.changes.at_once;
  applied.insert(applied.end(), reloaded.changes.remade.begin(), reloaded.changes.remade.end());
  const bool anew = !reloaded.changes.begins_anew.empty();
  // All that changed waits for it then.
  std::vector<std::string> later = reloaded.changes.begins_anew;
  if (anew) later.insert(later.end(), applied.begin(), applied.end());
  return {{"version", reloaded.version},
          {"applied", anew ? std::vector<std::string>{} : applied},
          {"begins_anew", later}};
}

Result<Reloaded> ReloadDesk::ask(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (closed_) return is_ending();
  const std::uint64_t mine = ++asked_;
  lock.unlock();
  wake_();
  lock.lock();
  const bool came = served_.wait_for(lock, limit, [&] { return closed_ || answered_ >= mine; });
  if (answered_ >= mine) return *answer_;
  if (came) return is_ending();
  return fail(ErrorCode::unavailable,
              "waysided has not come to it yet: it takes a new configuration by itself as soon as it can");
}

bool ReloadDesk::serve(const std::function<Result<Reloaded>()>& work) {
  std::uint64_t up_to = 0;
  {
    const std::lock_guard lock(mutex_);
    if (asked_ == answered_) return false;
    up_to = asked_;
  }
  Result<Reloaded> answer = work();
  {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    answered_ = up_to;
  }
  served_.notify_all();
  return true;
}

void ReloadDesk::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  served_.notify_all();
}

}  // namespace wayside::app
