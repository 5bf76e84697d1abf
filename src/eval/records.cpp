#include "wayside/eval/records.hpp"

#include <fmt/format.h>

#include "wayside/eval/statistics.hpp"

#include "src/eval/json_lines.hpp"

namespace wayside::eval {

Result<std::vector<Sighting>> parse_records(std::string_view lines, std::string_view name) {
  return read_json_lines(lines, name, [](const Json& line) {
    const Json& document = member(line, "document");
    const std::int64_t frame = whole_number(member(member(document, "frames"), "best"), "number");
    if (frame < 0) throw JsonProblem{"member \"number\" of the best frame: expected a whole number from 0"};
    return Sighting{text(document, "vrm"), static_cast<std::uint64_t>(frame), quad(document)};
  });
}

std::string records_summary(std::size_t records, const SightingScore& score) {
  std::string out;
  const auto line = [&](std::string_view what, const std::string& value) {
    out += fmt::format("{:<28} {}\n", what, value);
  };
  line("vehicles that can be read", fmt::format("{}", score.vehicles));
  line("records", fmt::format("{}", records));
  line("delivered", fmt::format("{}, {}", score.captured, share_text(score.captured, score.vehicles)));
  line("delivered and exactly right",
       fmt::format("{}, {}", score.exact, share_text(score.exact, score.vehicles)));
  line("duplicates", fmt::format("{}", score.duplicates));
  line("false", fmt::format("{}", score.false_sightings));
  if (score.illegible_vehicles > 0) {
    line("not counted", fmt::format("{} vehicles that nobody could read, and {} records of them",
                                    score.illegible_vehicles, score.of_illegible));
  }
  return out;
}

}  // namespace wayside::eval
