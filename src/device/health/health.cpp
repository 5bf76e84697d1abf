#include "wayside/device/health/health.hpp"

#include <utility>

namespace wayside {

namespace {

using Sentences = std::map<std::string, std::string, std::less<>>;

// True: it was not so before.
bool set(Sentences& sentences, std::string_view part, std::string sentence) {
  const auto found = sentences.find(part);
  if (found == sentences.end()) {
    sentences.emplace(part, std::move(sentence));
    return true;
  }
  return std::exchange(found->second, sentence) != sentence;
}

}  // namespace

bool Health::ill(std::string_view part, std::string reason) {
  const std::lock_guard lock(mutex_);
  return set(problems_, part, std::move(reason));
}

void Health::well(std::string_view part) {
  const std::lock_guard lock(mutex_);
  if (const auto found = problems_.find(part); found != problems_.end()) problems_.erase(found);
}

bool Health::says(std::string_view part, std::string state) {
  const std::lock_guard lock(mutex_);
  return set(states_, part, std::move(state));
}

std::map<std::string, std::string> Health::states() const {
  const std::lock_guard lock(mutex_);
  return {states_.begin(), states_.end()};
}

std::map<std::string, std::string> Health::problems() const {
  const std::lock_guard lock(mutex_);
  return {problems_.begin(), problems_.end()};
}

}  // namespace wayside
