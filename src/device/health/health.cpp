#include "wayside/device/health/health.hpp"

namespace wayside {

bool Health::ill(std::string_view part, std::string reason) {
  const std::lock_guard lock(mutex_);
  const auto found = problems_.find(part);
  if (found == problems_.end()) {
    problems_.emplace(part, std::move(reason));
    return true;
  }
  if (found->second == reason) return false;
  found->second = std::move(reason);
  return true;
}

void Health::well(std::string_view part) {
  const std::lock_guard lock(mutex_);
  if (const auto found = problems_.find(part); found != problems_.end()) problems_.erase(found);
}

std::map<std::string, std::string> Health::problems() const {
  const std::lock_guard lock(mutex_);
  return {problems_.begin(), problems_.end()};
}

}  // namespace wayside
