// Entries of a VOI list as people hand them in: a table or JSON lines.
//
// Threads: pure. Failure: of the file as a whole; what is wrong with an entry is a bad line of the maker.
#pragma once

#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/device/watchlist/list_issue.hpp"

namespace wayside::backoffice {

[[nodiscard]] Status entries_from_csv(std::string_view text, std::string_view name, ListMaker& maker);
void entries_from_json_lines(std::string_view text, ListMaker& maker);

}  // namespace wayside::backoffice
