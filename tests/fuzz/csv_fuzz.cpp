// Comma-separated tables.
#include "wayside/base/csv.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace {

std::string quoted(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    line += line.empty() ? "\"" : ",\"";
    for (const char c : field)
      line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  const auto parse = [](std::string_view text) {
    return parse_csv(text, "table.csv", {"file", "x"}, {"text"});
  };
  const Result<CsvTable> table = parse(text_of(data, size));
  if (!table) {
    require_good(table.error());
    return 0;
  }
  std::string written = quoted(table->header);
  for (const CsvRow& row : table->rows) {
    require(row.fields.size() == table->header.size() && row.line >= 2, "rows are as wide as the header");
    written += quoted(row.fields);
  }
  const Result<CsvTable> again = parse(written);
  require(again && again->header == table->header && again->rows.size() == table->rows.size(),
          "a table written again is read again");
  for (std::size_t i = 0; i < table->rows.size(); ++i)
    require(again->rows[i].fields == table->rows[i].fields, "every field survives");
  return 0;
}
