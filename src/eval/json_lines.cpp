#include "src/eval/json_lines.hpp"

#include <cmath>

#include <fmt/format.h>

namespace wayside::eval {

namespace {
constexpr double largest_number = 1e30;
}  // namespace

const Json& member(const Json& object, const char* key) {
  if (!object.is_object()) throw JsonProblem{fmt::format("expected an object with the member \"{}\"", key)};
  const auto found = object.find(key);
  if (found == object.end()) throw JsonProblem{fmt::format("member \"{}\" is missing", key)};
  return *found;
}

double number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number()) throw JsonProblem{fmt::format("member \"{}\": expected a number", key)};
  const double found = value.get<double>();
  // Members are kept as float; what float cannot hold would be written again as null.
  if (!(std::abs(found) <= largest_number)) {
    throw JsonProblem{fmt::format("member \"{}\": expected a number within +-1e30", key)};
  }
  return found;
}

double share(const Json& object, const char* key) {
  const double found = number(object, key);
  if (found < 0 || found > 1)
    throw JsonProblem{fmt::format("member \"{}\": expected a number from 0 to 1", key)};
  return found;
}

std::int64_t whole_number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number_integer())
    throw JsonProblem{fmt::format("member \"{}\": expected a whole number", key)};
  return value.get<std::int64_t>();
}

std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) throw JsonProblem{fmt::format("member \"{}\": expected a text", key)};
  return value.get<std::string>();
}

const Json& list(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw JsonProblem{fmt::format("member \"{}\": expected a list", key)};
  return value;
}

std::vector<double> numbers(const Json& array, std::size_t count) {
  std::vector<double> values;
  if (array.is_array()) {
    for (const Json& value : array) {
      if (value.is_number()) values.push_back(value.get<double>());
    }
  }
  if (values.size() != count || array.size() != count) {
    throw JsonProblem{fmt::format("expected a list of {} numbers", count)};
  }
  return values;
}

PlateQuad quad(const Json& object) {
  const Json& corners = list(object, "quad");
  PlateQuad out{};
  if (corners.size() != out.size()) throw JsonProblem{"member \"quad\": expected 4 corners"};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::vector<double> corner = numbers(corners[i], 2);
    out[i] = {static_cast<float>(corner[0]), static_cast<float>(corner[1])};
  }
  return out;
}

OrderedJson to_json(const PlateQuad& quad) {
  OrderedJson corners = OrderedJson::array();
  for (const cv::Point2f& corner : quad)
    corners.push_back({rounded(static_cast<double>(corner.x), 1), rounded(static_cast<double>(corner.y), 1)});
  return corners;
}

std::string to_line(const OrderedJson& value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace wayside::eval
