// What all programs share on their command line: --help, --version, and an error that names the nearest right
// option.
//
// Threads: before any thread is started.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "wayside/base/result.hpp"

namespace wayside::app {

// Exit codes of every program: 0 done, 1 the work failed, 2 the command line or the configuration is wrong.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

// Adds --version and the house's formatting.
void prepare(CLI::App& app);

// Checks an option's value before it is converted: CLI11 itself says of a bad number only that it could not convert it.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t from, std::uint64_t to);

// Parses; returns nothing where the program should go on, and otherwise the exit code, after having printed
// the help, the version, or one sentence on what is wrong with the nearest right word.
[[nodiscard]] std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

// Prints "program: message" to standard error and returns exit_failed (exit_usage for invalid_input).
[[nodiscard]] int report(std::string_view program, const Error& error);

// The folder with models/: <program's folder>/../share/wayside/models.
[[nodiscard]] std::filesystem::path models_folder();

}  // namespace wayside::app
