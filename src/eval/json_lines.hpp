// JSON in and out of this folder's files, with errors that name file, line and field.
//
// Threads: pure functions.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "wayside/anpr/locate/plate_candidate.hpp"
#include "wayside/base/result.hpp"

namespace wayside::eval {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // keeps the order in which keys were put in

// Thrown by the readers of one document and caught where the document is opened: the only way out of deep
// nesting that leaves the readers readable. Never leaves this folder.
struct JsonProblem {
  std::string what;
};

// A member that must be there.
[[nodiscard]] const Json& member(const Json& object, const char* key);
[[nodiscard]] double number(const Json& object, const char* key);
[[nodiscard]] double share(const Json& object, const char* key);  // 0 to 1
[[nodiscard]] std::int64_t whole_number(const Json& object, const char* key);
[[nodiscard]] std::string text(const Json& object, const char* key);
[[nodiscard]] const Json& list(const Json& object, const char* key);
[[nodiscard]] std::vector<double> numbers(const Json& array, std::size_t count);
[[nodiscard]] PlateQuad quad(const Json& object);  // the member "quad"

[[nodiscard]] OrderedJson to_json(const PlateQuad& quad);
// On one line; text that is no UTF-8 gets replacement characters.
[[nodiscard]] std::string to_line(const OrderedJson& value);

// To `digits` decimal places, so that files are readable and repeat.
[[nodiscard]] inline double rounded(double value, int digits) {
  const double scale = std::pow(10.0, digits);
  return std::round(value * scale) / scale;
}

// Parses one document and hands it to read(); a problem becomes "<where>: <what>".
template <class Read>
auto read_json(std::string_view document, const std::string& where, Read read)
    -> Result<decltype(read(std::declval<const Json&>()))> {
  try {
    return read(Json::parse(document));
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::invalid_input, where + ": not valid JSON near byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {  // 1e999, which is JSON and no number of ours
    return fail(ErrorCode::invalid_input, where + ": a number in it is out of range");
  } catch (const JsonProblem& problem) {
    return fail(ErrorCode::invalid_input, where + ": " + problem.what);
  }
}

// The same for a text with one document a line; blank lines are passed over.
template <class Read>
auto read_json_lines(std::string_view lines, std::string_view name, Read read)
    -> Result<std::vector<decltype(read(std::declval<const Json&>()))>> {
  std::vector<decltype(read(std::declval<const Json&>()))> all;
  for (std::size_t line = 1; !lines.empty(); ++line) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view document = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (document.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto one = read_json(document, std::string(name) + ", line " + std::to_string(line), read);
    if (!one) return fail(one.error());
    all.push_back(std::move(*one));
  }
  return all;
}

}  // namespace wayside::eval
