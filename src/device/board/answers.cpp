#include "wayside/device/board/answers.hpp"

#include <fmt/format.h>

namespace wayside {
namespace {

// One slip is none: a bus may be busy, a driver be loaded anew.
constexpr int looks = 3;

}  // namespace

void Answers::saw(std::string_view sensor, const Error* error) {
  seen_.emplace(sensor);
  Known& known = known_[std::string(sensor)];
  if (error == nullptr) {
    known = {true, 0, {}};
    return;
  }
  ++known.failed;
  known.error = *error;
}

void Answers::end() {
  problem_.clear();
  silent_.clear();
  for (auto it = known_.begin(); it != known_.end();) {
    auto& [name, known] = *it;
    if (!seen_.contains(name)) {
      if (!known.answered) {
        it = known_.erase(it);
        continue;
      }
      ++known.failed;
      known.error = {ErrorCode::not_found, "it is gone"};
    }
    ++it;
    if (known.failed == 0) continue;
    silent_.push_back(name);
    const bool absent = known.error.code == ErrorCode::not_found || known.error.code == ErrorCode::io;
    if (known.failed < looks || (!known.answered && absent)) continue;
    problem_ += fmt::format("{}{} {}: {}", problem_.empty() ? "" : "; ", name,
                            known.answered ? "stopped answering" : "is of no use", known.error.message);
  }
}

}  // namespace wayside
