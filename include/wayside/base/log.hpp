// Structured logs: a constant event name and tagged values, as a console line or as one JSON object a line.
//
// Threads: any. Never pass a VRM, a key or a password: events are named by ids. Values are escaped, so that
// nothing read from outside can drive a terminal or break a line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "wayside/base/result.hpp"

namespace wayside::log {

enum class Level { debug, info, warning, error };
enum class Format { console, json };

struct Field {
  std::string_view key;
  std::variant<std::string, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  template <class Number,
            class = std::enable_if_t<std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>>>
  Field(std::string_view k, Number v) : key(k) {
    if constexpr (std::is_floating_point_v<Number>) {
      value = static_cast<double>(v);
    } else {
      value = static_cast<std::int64_t>(v);
    }
  }
  Field(std::string_view k, const Error& error) : key(k), value(error.message) {}
};
using Fields = std::initializer_list<Field>;

// At program start, and for another level at any time; before it, warnings go to stderr in console form.
void start(Level lowest, Format format);
// From then on each line that a library prints to stderr or std::cerr (libpng, libjpeg and OpenCV do, of
// damaged pictures, and leave no other way to hear of it) is a warning, library_message, and breaks into no
// entry. Before threads; a second call does nothing.
void take_what_libraries_print();
// Where a program's own sentences go: stderr as it was when the program began.
[[nodiscard]] std::FILE* standard_error();

[[nodiscard]] Result<Level> level_from(std::string_view name);    // "debug", "info", "warning", "error"
[[nodiscard]] Result<Format> format_from(std::string_view name);  // "console", "json"

void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, Fields fields = {}) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
  write(Level::error, event, fields);
}

// The text of one entry without time and level; what write() hands to the sink. For tests and crash reports.
[[nodiscard]] std::string format_entry(Format format, std::string_view event, Fields fields);

}  // namespace wayside::log
