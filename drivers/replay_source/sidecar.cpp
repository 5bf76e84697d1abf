#include "drivers/replay_source/sidecar.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "wayside/base/csv.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::replay {

namespace {

constexpr std::size_t largest_sidecar = std::size_t{256} << 20;  // bytes: a day at 60 frames a second

// Reads the fields of one row by column; the first problem stays and later reads give zeros.
class RowReader {
 public:
  RowReader(const CsvTable& table, const CsvRow& row) : table_(table), row_(row) {}

  const std::string& text(std::string_view title) const { return row_.fields[*table_.column(title)]; }

  template <class Number>
  Number number(std::string_view title, Number least, Number most, std::string_view form) {
    const std::string& field = text(title);
    Number value{};
    const auto [end, failed] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (failed == std::errc{} && end == field.data() + field.size() && value >= least && value <= most)
      return value;
    refuse(title, fmt::format("\"{}\"; expected {}", json_escape(field), form));
    return least;
  }

  template <class Number>
  std::optional<Number> number_or_empty(std::string_view title, Number least, Number most,
                                        std::string_view form) {
    if (!table_.column(title) || text(title).empty()) return std::nullopt;
    return number(title, least, most, form);
  }

  void refuse(std::string_view title, std::string_view problem) {
    if (!error_) error_ = table_.error_at(row_, title, problem);
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const CsvTable& table_;
  const CsvRow& row_;
  std::optional<Error> error_;
};

SidecarRow read_row(RowReader& reader, std::size_t line, bool with_files) {
  constexpr std::int64_t year_10000_ms = 253'402'300'800'000;
  SidecarRow row;
  row.line = line;
  if (with_files) {
    row.file = reader.text("file");
    if (row.file.empty() || row.file == "." || row.file == ".." || row.file.find('/') != std::string::npos ||
        row.file.find('\0') != std::string::npos) {
      reader.refuse("file", fmt::format("\"{}\"; expected the name of a picture in this folder",
                                        json_escape(row.file)));
    }
  }
  FrameInfo& info = row.info;
  info.number = FrameNumber(reader.number<std::uint64_t>("frame", 0, std::numeric_limits<std::int64_t>::max(),
                                                         "a whole number from 0"));
  info.utc = {reader.number<std::int64_t>("utc_ms", 0, year_10000_ms,
                                          "milliseconds since 1970-01-01T00:00:00Z, a whole number from 0")};
  info.monotonic = {reader.number<std::int64_t>(
      "monotonic_ns", 0, std::numeric_limits<std::int64_t>::max() / 4, "nanoseconds, a whole number from 0")};
  info.exposure_us =
      reader.number_or_empty<std::int32_t>("exposure_us", 0, std::numeric_limits<std::int32_t>::max(),
                                           "microseconds, a whole number from 0, or nothing");
  info.gain_db = reader.number_or_empty<double>("gain_db", -100, 200, "decibels, -100 to 200, or nothing");
  info.strobe_level = reader.number_or_empty<double>("strobe", 0, 1, "0 (dark) to 1 (full), or nothing");
  return row;
}

void check_order(RowReader& reader, const FrameInfo& before, const FrameInfo& now) {
  if (now.number <= before.number) {
    reader.refuse("frame", fmt::format("{} after {}; expected numbers that rise from line to line",
                                       now.number.value(), before.number.value()));
  }
  if (now.monotonic <= before.monotonic) {
    reader.refuse("monotonic_ns", fmt::format("{} after {}; expected times that rise from line to line",
                                              now.monotonic.ns, before.monotonic.ns));
  }
}

}  // namespace

Result<Sidecar> parse_sidecar(std::string_view text, const std::filesystem::path& path, bool with_files) {
  std::vector<std::string> required = {"frame", "utc_ms", "monotonic_ns"};
  if (with_files) required.insert(required.begin(), "file");
  const auto table = parse_csv(text, path.string(), required, {"exposure_us", "gain_db", "strobe"});
  if (!table) return fail(table.error());
  if (table->rows.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} has a header and no frames; expected one line a frame, or no such file",
                            path.string()));
  }
  Sidecar sidecar{path, {}};
  sidecar.rows.reserve(table->rows.size());
  for (const CsvRow& csv_row : table->rows) {
    RowReader reader(*table, csv_row);
    SidecarRow row = read_row(reader, csv_row.line, with_files);
    if (!sidecar.rows.empty()) check_order(reader, sidecar.rows.back().info, row.info);
    if (reader.error()) return fail(*reader.error());
    sidecar.rows.push_back(std::move(row));
  }
  return sidecar;
}

Result<std::optional<Sidecar>> find_sidecar(const std::filesystem::path& recording) {
  std::error_code failed;
  const bool folder = std::filesystem::is_directory(recording, failed);
  const std::filesystem::path path =
      folder ? recording / "frames.csv"
             : recording.parent_path() / (recording.stem().string() + ".frames.csv");
  const Result<std::string> text = read_text_file(path, largest_sidecar);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return fail(text.error());
  Result<Sidecar> sidecar = parse_sidecar(*text, path, folder);
  if (!sidecar) return fail(sidecar.error());
  return std::optional<Sidecar>(std::move(*sidecar));
}

}  // namespace wayside::replay
