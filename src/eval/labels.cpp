#include "wayside/eval/labels.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>
#include <tuple>

#include <fmt/format.h>

#include "wayside/base/csv.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::eval {

namespace {

constexpr std::size_t largest_label_file = std::size_t{256} << 20;  // bytes

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

Result<double> number_at(const CsvTable& table, const CsvRow& row, std::string_view title, double least,
                         std::string_view form) {
  const std::string& field = row.fields[*table.column(title)];
  double value = 0;
  const auto [end, failed] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (failed == std::errc{} && end == field.data() + field.size() && std::isfinite(value) && value >= least &&
      value <= 1e6) {
    return value;
  }
  return fail(table.error_at(row, title, fmt::format("\"{}\"; expected {}", json_escape(field), form)));
}

Result<std::string> file_at(const CsvTable& table, const CsvRow& row) {
  const std::string& file = row.fields[*table.column("file")];
  if (file.empty() || file.front() == '/') {
    return fail(table.error_at(
        row, "file",
        fmt::format("\"{}\"; expected a path relative to the measured folder", json_escape(file))));
  }
  return std::filesystem::path(file).lexically_normal().string();
}

// Spaces, hyphens and dots divide marks in every hand.
bool has_odd_signs(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return normal_text(std::string_view(&c, 1)).empty() &&
           std::string_view(" -.\t").find(c) == std::string_view::npos;
  });
}

template <class Parse>
auto load(const std::filesystem::path& path, Parse parse)
    -> decltype(parse(std::string_view{}, std::string_view{})) {
  const Result<std::string> text = read_text_file(path, largest_label_file);
  if (!text) return fail(text.error().context("reading the labels"));
  return parse(*text, path.string());
}

}  // namespace

bool PlateLabel::core() const {
  static constexpr std::array<std::string_view, 6> outside = {"oblique", "2line", "vintage-dark",
                                                              "dup",     "irl",   "fmt=irl"};
  return std::none_of(tags.begin(), tags.end(), [](const std::string& tag) {
    return std::find(outside.begin(), outside.end(), tag) != outside.end();
  });
}

Result<std::vector<PlateLabel>> parse_plate_labels(std::string_view text, std::string_view name) {
  const auto table = parse_csv(text, name, {"file", "x", "y", "w", "h", "text"}, {"tags", "source"});
  if (!table) return fail(table.error());
  std::vector<PlateLabel> labels;
  for (const CsvRow& row : table->rows) {
    const Result<std::string> file = file_at(*table, row);
    if (!file) return fail(file.error());
    const std::string& written = row.fields[*table->column("text")];
    PlateLabel label{row.line, *file, {}, normal_text(written), {}, has_odd_signs(written)};
    if (label.text.empty()) {
      return fail(table->error_at(row, "text", "no letter or digit in it; expected what the plate says"));
    }
    constexpr double anywhere = -1e6;  // a box may begin left of or above the picture
    const std::array<std::tuple<std::string_view, double*, double, std::string_view>, 4> sides = {
        {{"x", &label.box.x, anywhere, "pixels, a number"},
         {"y", &label.box.y, anywhere, "pixels, a number"},
         {"w", &label.box.width, 1, "pixels, a number from 1"},
         {"h", &label.box.height, 1, "pixels, a number from 1"}}};
    for (const auto& [title, slot, least, form] : sides) {
      const Result<double> value = number_at(*table, row, title, least, form);
      if (!value) return fail(value.error());
      *slot = *value;
    }
    if (const auto tags = table->column("tags")) label.tags = words_of(row.fields[*tags]);
    labels.push_back(std::move(label));
  }
  return labels;
}

Result<std::vector<PlateLabel>> load_plate_labels(const std::filesystem::path& path) {
  return load(path, parse_plate_labels);
}

std::vector<PlateLabel> take_repeats(std::vector<PlateLabel>& labels) {
  std::set<std::tuple<std::string, double, double, double, double, std::string>> seen;
  std::vector<PlateLabel> repeats;
  std::vector<PlateLabel> kept;
  for (PlateLabel& label : labels) {
    const cv::Rect2d& box = label.box;
    const bool first = seen.emplace(label.file, box.x, box.y, box.width, box.height, label.text).second;
    (first ? kept : repeats).push_back(std::move(label));
  }
  labels = std::move(kept);
  return repeats;
}

Result<std::vector<ClipLabel>> parse_clip_labels(std::string_view text, std::string_view name) {
  const auto table = parse_csv(text, name, {"file", "vrms"}, {"country"});
  if (!table) return fail(table.error());
  std::vector<ClipLabel> labels;
  std::set<std::string> seen;
  for (const CsvRow& row : table->rows) {
    const Result<std::string> file = file_at(*table, row);
    if (!file) return fail(file.error());
    if (!seen.insert(*file).second) {
      return fail(table->error_at(
          row, "file", "this clip has a line already; name all its vrms in one, with spaces between"));
    }
    ClipLabel label{row.line, *file, {}, {}};
    for (const std::string& word : words_of(row.fields[*table->column("vrms")])) {
      label.vrms.push_back(normal_text(word));
      if (label.vrms.back().empty()) {
        return fail(table->error_at(row, "vrms",
                                    "a word without letter or digit; expected registration marks with "
                                    "spaces between"));
      }
    }
    if (const auto country = table->column("country")) label.country = row.fields[*country];
    labels.push_back(std::move(label));
  }
  return labels;
}

Result<std::vector<ClipLabel>> load_clip_labels(const std::filesystem::path& path) {
  return load(path, parse_clip_labels);
}

std::string normal_text(std::string_view text) {
  std::string normal;
  for (const char c : text) {
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) normal += c;
    if (c >= 'a' && c <= 'z') normal += static_cast<char>(c - 'a' + 'A');
  }
  return normal;
}

std::string folded_text(std::string_view text) {
  std::string folded = normal_text(text);
  std::replace(folded.begin(), folded.end(), 'O', '0');
  std::replace(folded.begin(), folded.end(), 'I', '1');
  return folded;
}

}  // namespace wayside::eval
