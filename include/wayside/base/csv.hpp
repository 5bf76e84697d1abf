// Comma-separated tables with a header line, read strictly.
//
// Threads: pure functions. Form: RFC 4180 (quotes around a field, doubled inside it), lines ending in LF or
// CRLF, an optional UTF-8 byte order mark. Blank lines are passed over; every other line has as many fields
// as the header. Failure: invalid_input, and the message names file, line and expected form.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"

namespace wayside {

struct CsvRow {
  std::size_t line = 0;  // where it starts, counted from 1
  std::vector<std::string> fields;
};

struct CsvTable {
  std::string name;  // the file's, for messages
  std::vector<std::string> header;
  std::vector<CsvRow> rows;

  [[nodiscard]] std::optional<std::size_t> column(std::string_view title) const;
  // "labels.csv, line 3, column w: <problem>".
  [[nodiscard]] Error error_at(const CsvRow& row, std::string_view title, std::string_view problem) const;
};

// Fails where the header lacks one of `required` or has a column that is in neither list: the message names
// the nearest one that is known.
[[nodiscard]] Result<CsvTable> parse_csv(std::string_view text, std::string_view name,
                                         const std::vector<std::string>& required,
                                         const std::vector<std::string>& optional = {});
// The same for what is too long to be held as a table: calls on_row for each line as it comes, with a table
// that has the header and no rows.
[[nodiscard]] Status read_csv(std::string_view text, std::string_view name,
                              const std::vector<std::string>& required,
                              const std::vector<std::string>& optional,
                              const std::function<void(const CsvTable& header, CsvRow row)>& on_row);

}  // namespace wayside
