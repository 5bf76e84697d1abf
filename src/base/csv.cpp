#include "wayside/base/csv.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/nearest.hpp"

namespace wayside {

namespace {

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view name) : text_(text), name_(name) {
    if (text_.rfind("\xEF\xBB\xBF", 0) == 0) at_ = 3;
  }

  // The next line that is not blank; no fields at the end of the text.
  Result<CsvRow> next_row() {
    while (at_ < text_.size() && skip_line_end()) {
    }
    CsvRow row{line_, {}};
    while (at_ < text_.size()) {
      Result<std::string> field = text_[at_] == '"' ? quoted(row.line) : plain();
      if (!field) return fail(field.error());
      row.fields.push_back(std::move(*field));
      if (at_ == text_.size() || skip_line_end()) return row;
      if (text_[at_] != ',')
        return fail(problem(line_, "a quote stands inside a field; put the whole field in quotes"));
      ++at_;
      if (at_ == text_.size()) row.fields.emplace_back();
    }
    return row;
  }

 private:
  bool skip_line_end() {
    if (text_.substr(at_, 2) == "\r\n") {
      at_ += 2;
    } else if (text_[at_] == '\n') {
      ++at_;
    } else {
      return false;
    }
    ++line_;
    return true;
  }

  std::string plain() {
    const std::size_t end = std::min(text_.find_first_of(",\"\n", at_), text_.size());
    std::string field(text_.substr(at_, end - at_));
    at_ = end;
    if (!field.empty() && field.back() == '\r' && (end == text_.size() || text_[end] == '\n')) {
      field.pop_back();
      if (end < text_.size()) --at_;  // leaves CRLF to skip_line_end
    }
    return field;
  }

  Result<std::string> quoted(std::size_t row_line) {
    std::string field;
    ++at_;
    for (;;) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos)
        return fail(problem(row_line, "a quote is opened and never closed"));
      const std::string_view piece = text_.substr(at_, quote - at_);
      line_ += static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
      field += piece;
      at_ = quote + 1;
      if (at_ == text_.size() || text_[at_] != '"') break;
      field += '"';
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_.substr(at_, 2) != "\r\n") {
      return fail(problem(line_, "after a closing quote there must be a comma or the line's end"));
    }
    return field;
  }

  [[nodiscard]] Error problem(std::size_t line, std::string_view what) const {
    return Error{ErrorCode::invalid_input, fmt::format("{}, line {}: {}", name_, line, what)};
  }

  std::string_view text_;
  std::string_view name_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

Status check_header(const CsvTable& table, std::size_t line, const std::vector<std::string>& required,
                    const std::vector<std::string>& optional) {
  std::vector<std::string> known = required;
  known.insert(known.end(), optional.begin(), optional.end());
  const auto error = [&](std::string what) {
    return fail(ErrorCode::invalid_input, fmt::format("{}, line {}: {}; expected columns: {}", table.name,
                                                      line, what, fmt::join(known, ",")));
  };
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    const std::string& title = table.header[i];
    if (std::find(known.begin(), known.end(), title) == known.end()) {
      const std::string near = nearest(title, known);
      return error(fmt::format("unknown column \"{}\"{}", json_escape(title),
                               near.empty() ? std::string{} : fmt::format(", did you mean {}?", near)));
    }
    if (*table.column(title) != i) return error(fmt::format("column {} stands there twice", title));
  }
  for (const std::string& title : required) {
    if (!table.column(title)) return error(fmt::format("column {} is missing", title));
  }
  return {};
}

Status read_csv(std::string_view text, std::string_view name, const std::vector<std::string>& required,
                const std::vector<std::string>& optional,
                const std::function<void(const CsvTable& header, CsvRow row)>& on_row, CsvTable& table) {
  Scanner scanner(text, name);
  table = {std::string(name), {}, {}};
  Result<CsvRow> header = scanner.next_row();
  if (!header) return fail(header.error());
  if (header->fields.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is empty; expected a header line: {}", name, fmt::join(required, ",")));
  }
  table.header = std::move(header->fields);
  if (Status checked = check_header(table, header->line, required, optional); !checked)
    return fail(checked.error());
  for (;;) {
    Result<CsvRow> row = scanner.next_row();
    if (!row) return fail(row.error());
    if (row->fields.empty()) return {};
    if (row->fields.size() != table.header.size()) {
      return fail(ErrorCode::invalid_input,
                  fmt::format("{}, line {}: {} fields; expected {}, as in the header: {}", name, row->line,
                              row->fields.size(), table.header.size(), fmt::join(table.header, ",")));
    }
    on_row(table, std::move(*row));
  }
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view title) const {
  const auto found = std::find(header.begin(), header.end(), title);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

Error CsvTable::error_at(const CsvRow& row, std::string_view title, std::string_view problem) const {
  return Error{ErrorCode::invalid_input,
               fmt::format("{}, line {}, column {}: {}", name, row.line, title, problem)};
}

Result<CsvTable> parse_csv(std::string_view text, std::string_view name,
                           const std::vector<std::string>& required,
                           const std::vector<std::string>& optional) {
  CsvTable table;
  std::vector<CsvRow> rows;
  const Status read = read_csv(
      text, name, required, optional, [&](const CsvTable&, CsvRow row) { rows.push_back(std::move(row)); },
      table);
  if (!read) return fail(read.error());
  table.rows = std::move(rows);
  return table;
}

Status read_csv(std::string_view text, std::string_view name, const std::vector<std::string>& required,
                const std::vector<std::string>& optional,
                const std::function<void(const CsvTable& header, CsvRow row)>& on_row) {
  CsvTable table;
  return read_csv(text, name, required, optional, on_row, table);
}

}  // namespace wayside
