#include "wayside/base/log.hpp"

#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <mutex>
#include <utility>

#include <ext/stdio_sync_filebuf.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include "wayside/base/json_text.hpp"

namespace wayside::log {

namespace {

spdlog::level::level_enum spd_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

struct Sink {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::console;

  Sink() { reset(Level::warning, Format::console); }
  void reset(Level lowest, Format chosen) {
    // Of the level alone whoever logs meanwhile hears safely.
    if (logger && chosen == format) return logger->set_level(spd_level(lowest));
    format = chosen;
    logger = std::make_shared<spdlog::logger>(
        "wayside", std::make_shared<spdlog::sinks::ansicolor_sink<spdlog::details::console_mutex>>(
                       standard_error(), spdlog::color_mode::automatic));
    logger->set_level(spd_level(lowest));
    logger->flush_on(spdlog::level::warn);
    // %v is the whole entry; the time is UTC in milliseconds in both forms.
    logger->set_pattern(chosen == Format::json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}"
                                               : "%Y-%m-%d %H:%M:%S.%eZ %^%-7l%$ %v",
                        spdlog::pattern_time_type::utc);
  }
};

Sink& sink() {
  // Never destroyed: a library may print while the program ends.
  static Sink& the_sink = *new Sink;
  return the_sink;
}

// A line in the making, of one thread. Without a destructor, for the same reason.
struct LibraryLine {
  std::array<char, 512> text;  // libraries' lines are shorter; of a longer one this much is told
  std::size_t size;
};
thread_local LibraryLine library_line;

// fopencookie(3).
ssize_t take_library_text(void*, const char* text, std::size_t size) {
  for (const char c : std::string_view(text, size)) {
    if (c != '\n') {
      if (library_line.size < library_line.text.size()) library_line.text[library_line.size++] = c;
      continue;
    }
    const std::size_t length = std::exchange(library_line.size, 0);
    if (length > 0)
      warning("library_message", {{"text", std::string_view(library_line.text.data(), length)}});
  }
  return static_cast<ssize_t>(size);
}

std::string text_of(const Field& field, Format format) {
  return std::visit(
      [&](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return '"' + json_escape(value) + '"';
        } else if constexpr (std::is_same_v<T, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          // JSON knows no NaN.
          if (format == Format::json && !std::isfinite(value)) return "null";
          return fmt::format("{:.6g}", value);
        } else {
          return fmt::format("{}", value);
        }
      },
      field.value);
}

}  // namespace

std::FILE* standard_error() {
  static std::FILE* const as_it_was = stderr;
  return as_it_was;
}

void take_what_libraries_print() {
  static std::once_flag once;
  std::call_once(once, [] {
    static_cast<void>(sink());  // holds on to standard error as it is
    cookie_io_functions_t functions{};
    functions.write = take_library_text;
    std::FILE* taken = ::fopencookie(nullptr, "w", functions);
    if (taken == nullptr) return;
    // No text may wait in a buffer for the end of the program. That stderr can be set is glibc's promise
    // (its manual, Standard Streams); the descriptor stays as it is, for what writes to that.
    static_cast<void>(std::setvbuf(taken, nullptr, _IONBF, 0));
    stderr = taken;
    // OpenCV's decoders tell of exceptions there, whatever its own log is set to. Never destroyed, as the
    // sink.
    auto* stream = new __gnu_cxx::stdio_sync_filebuf<char>(taken);
    std::cerr.rdbuf(stream);
    std::clog.rdbuf(stream);
  });
}

void start(Level lowest, Format format) {
  sink().reset(lowest, format);
}

Result<Level> level_from(std::string_view name) {
  if (name == "debug") return Level::debug;
  if (name == "info") return Level::info;
  if (name == "warning") return Level::warning;
  if (name == "error") return Level::error;
  return fail(ErrorCode::invalid_input, "expected one of debug, info, warning, error");
}

Result<Format> format_from(std::string_view name) {
  if (name == "console") return Format::console;
  if (name == "json") return Format::json;
  return fail(ErrorCode::invalid_input, "expected console or json");
}

std::string format_entry(Format format, std::string_view event, Fields fields) {
  std::string out;
  if (format == Format::json) {
    out = fmt::format("\"event\":\"{}\"", json_escape(event));
    for (const Field& field : fields) {
      out += fmt::format(",\"{}\":{}", json_escape(field.key), text_of(field, format));
    }
  } else {
    out = json_escape(event);
    for (const Field& field : fields)
      out += fmt::format(" {}={}", json_escape(field.key), text_of(field, format));
  }
  return out;
}

void write(Level level, std::string_view event, Fields fields) {
  Sink& target = sink();
  if (!target.logger->should_log(spd_level(level))) return;
  target.logger->log(spd_level(level), "{}", format_entry(target.format, event, fields));
}

}  // namespace wayside::log
