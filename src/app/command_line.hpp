// What all programs share on their command line: --help, --version, an error that names the nearest right
// option, and an end that says what went wrong.
//
// Threads: before any thread is started, and run_program() around all of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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

// Calls work, which is all that main() does, and returns the exit code: work's own, or exit_failed where an
// exception came out of it or what it printed did not reach standard output; then standard error says so, as
// "program: sentence". A file that grows over its limit (RLIMIT_FSIZE) is an error of the write meanwhile,
// and not the end of the program.
[[nodiscard]] int run_program(std::string_view program, const std::function<int()>& work);

// Adds --version and the house's formatting.
void prepare(CLI::App& app);

// Checks an option's value before it is converted: CLI11 itself says of a bad number only that it could not
// convert it.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t from, std::uint64_t to);
// CLI::Range lets "nan" through, which is not below or above anything.
[[nodiscard]] CLI::Validator number(double from, double to);
// The option's own description lists the words.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);

[[nodiscard]] CLI::Validator not_empty();

// Parses; returns nothing where the program should go on, and otherwise the exit code, after having printed
// the help, the version, or one sentence on what is wrong with the nearest right word.
[[nodiscard]] std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

[[nodiscard]] int exit_code_of(const Error& error);  // exit_usage for invalid_input, exit_failed for the rest
// Prints "program: message" to standard error and returns the error's exit code.
[[nodiscard]] int report(std::string_view program, const Error& error);

// The folder with models/: <program's folder>/../share/wayside/models.
[[nodiscard]] std::filesystem::path models_folder();

}  // namespace wayside::app
