#include "wayside/base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <memory>

#include "wayside/base/json_text.hpp"

namespace wayside::log {

namespace {

spdlog::level::level_enum spd_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

struct Sink {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::console;

  Sink() { reset(Level::warning, Format::console); }
  void reset(Level lowest, Format chosen) {
    format = chosen;
    logger = std::make_shared<spdlog::logger>("wayside", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_level(spd_level(lowest));
    logger->flush_on(spdlog::level::warn);
    // %v is the whole entry; the time is UTC in milliseconds in both forms.
    logger->set_pattern(chosen == Format::json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}"
                                               : "%Y-%m-%d %H:%M:%S.%eZ %^%-7l%$ %v",
                        spdlog::pattern_time_type::utc);
  }
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
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

void start(Level lowest, Format format) { sink().reset(lowest, format); }

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
    for (const Field& field : fields) out += fmt::format(" {}={}", json_escape(field.key), text_of(field, format));
  }
  return out;
}

void write(Level level, std::string_view event, Fields fields) {
  Sink& target = sink();
  if (!target.logger->should_log(spd_level(level))) return;
  target.logger->log(spd_level(level), "{}", format_entry(target.format, event, fields));
}

}  // namespace wayside::log
