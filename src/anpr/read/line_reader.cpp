#include "line_reader.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace wayside::read {
namespace {

using Look = std::vector<CharacterPosition>;

// A line with fewer characters than this after one look is no plate, and no second look is spent on it.
constexpr std::size_t worth_a_second_look = 2;

CharacterPosition average(const std::vector<Look>& looks, std::size_t position) {
  std::map<char, float> by_character;
  for (const Look& look : looks) {
    for (const CharacterGuess& guess : look[position]) {
      by_character[guess.character] += guess.probability / static_cast<float>(looks.size());
    }
  }
  CharacterPosition averaged;
  for (const auto& [character, probability] : by_character)
    averaged.push_back({character, probability});
  std::stable_sort(averaged.begin(), averaged.end(), [](const CharacterGuess& a, const CharacterGuess& b) {
    return a.probability > b.probability;
  });
  return averaged;
}

}  // namespace

std::vector<CharacterPosition> read_line(TextEngine& engine, const CharacterLine& line) {
  std::vector<Look> looks;
  looks.push_back(engine.recognise(typeset(line, {true, 1.0}), TextEngine::Layout::find_line));
  if (looks.front().size() < worth_a_second_look) return looks.front();
  looks.push_back(engine.recognise(typeset(line, {false, 1.2}), TextEngine::Layout::take_as_line));
  // Looks can be averaged only where they agree on how many characters there are; the boxes know best.
  const auto as_many_as = [](std::size_t count) {
    return [count](const Look& look) { return look.size() == count; };
  };
  std::size_t count = line.boxes.size();
  if (std::none_of(looks.begin(), looks.end(), as_many_as(count))) count = looks.front().size();
  std::erase_if(looks, std::not_fn(as_many_as(count)));
  Look averaged;
  for (std::size_t position = 0; position < count; ++position)
    averaged.push_back(average(looks, position));
  return averaged;
}

}  // namespace wayside::read
