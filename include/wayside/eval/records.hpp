// Comparing the records a back office holds with what really passed.
//
// Threads: pure functions. Failure: invalid_input; the message names file, line and member.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wayside/eval/sightings.hpp"

namespace wayside::eval {

// One line of JSON a record, an object whose "document" is the capture record (capture_record.schema.json).
[[nodiscard]] Result<std::vector<Sighting>> parse_records(std::string_view lines, std::string_view name);

[[nodiscard]] std::string records_summary(std::size_t records, const SightingScore& score);

}  // namespace wayside::eval
