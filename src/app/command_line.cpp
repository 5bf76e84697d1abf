#include "src/app/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/nearest.hpp"
#include "wayside/base/version.hpp"

namespace wayside::app {

namespace {

void collect_words(const CLI::App& app, std::vector<std::string>& words) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      words.push_back("--" + name);
    for (const std::string& name : option->get_snames())
      words.push_back("-" + name);
  }
  for (const CLI::App* sub : app.get_subcommands({}))
    words.push_back(sub->get_name());
}

const CLI::App& chosen(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? app : chosen(*used.front());
}

// "unknown option "--confg"; did you mean --config?"
std::string describe(const std::string& unknown, const CLI::App& app) {
  const CLI::App& used = chosen(app);
  std::vector<std::string> words;
  collect_words(used, words);
  if (&used != &app) collect_words(app, words);
  const std::string given = unknown.substr(0, unknown.find('='));
  const std::string near = nearest(given, words);
  return fmt::format("unknown {} \"{}\"{}", given.rfind('-', 0) == 0 ? "option" : "word", json_escape(given),
                     near.empty() ? std::string{} : fmt::format("; did you mean {}?", near));
}

// Never throws, for it also tells of what was thrown: where standard error is full nobody is left to hear it.
void tell(std::string_view program, std::string_view sentence) {
  std::fprintf(log::standard_error(), "%.*s: %.*s\n", static_cast<int>(program.size()), program.data(),
               static_cast<int>(sentence.size()), sentence.data());
}

// Where one of them is closed the next file to be opened gets its number, and with it what is printed. They
// are opened for reading so that printing still fails: nobody shall believe that it arrived.
void fill_closed_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0) static_cast<void>(::open("/dev/null", O_RDONLY));
  }
}

// What comes out of work as an exception nobody expected: an expected failure is an Error.
int call(std::string_view program, const std::function<int()>& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    tell(program, "there is no memory left");
  } catch (const std::exception& error) {
    // Told below in words of our own where it is standard output that failed.
    if (std::ferror(stdout) == 0) tell(program, json_escape(error.what()));
  } catch (...) {
    tell(program, "ended for a reason unknown to it");
  }
  return exit_failed;
}

}  // namespace

int run_program(std::string_view program, const std::function<int()>& work) {
  std::signal(SIGXFSZ, SIG_IGN);
  fill_closed_standard_streams();
  log::take_what_libraries_print();
  const int code = call(program, work);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  tell(
      program,
      "not all that it prints reached standard output: see that this is open and not full, and run it again");
  return code == exit_done ? exit_failed : code;
}

void prepare(CLI::App& app) {
  app.set_version_flag("--version", fmt::format("{} {}", app.get_name(), version()),
                       "Print the version and end");
  app.set_help_flag("-h,--help", "Print this text and end");
  app.get_formatter()->column_width(34);
  app.option_defaults()->always_capture_default();
}

CLI::Validator whole_number(std::uint64_t from, std::uint64_t to) {
  const auto problem = [from, to](const std::string& text) -> std::string {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, value);
    if (failed == std::errc() && stop == end && value >= from && value <= to) return {};
    return fmt::format("a whole number from {} to {} is expected instead of {}", from, to, text);
  };
  return {problem, fmt::format("{} to {}", from, to), {}};
}

CLI::Validator number(double from, double to) {
  const auto problem = [from, to](const std::string& text) -> std::string {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, value);
    if (failed == std::errc() && stop == end && value >= from && value <= to) return {};
    return fmt::format("a number from {} to {} is expected instead of {}", from, to, text);
  };
  return {problem, fmt::format("{} to {}", from, to), {}};
}

CLI::Validator one_of(std::vector<std::string> words) {
  std::string all = fmt::format("{}", fmt::join(words, ", "));
  const auto problem = [words = std::move(words), all](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return {};
    const std::string near = nearest(text, words);
    return fmt::format("one of {} is expected instead of \"{}\"{}", all, text,
                       near.empty() ? "" : fmt::format("; did you mean {}?", near));
  };
  return {problem, "", {}};
}

CLI::Validator not_empty() {
  return {[](const std::string& text) {
            return text.empty() ? "a name is expected instead of nothing" : std::string();
          },
          "",
          {}};
}

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForVersion& call) {
    fmt::print("{}\n", call.what());
    return exit_done;
  } catch (const CLI::CallForHelp&) {
    // The help asked for is that of the subcommand named before it; CLI11 knows which.
    fmt::print("{}", app.help());
    return exit_done;
  } catch (const CLI::CallForAllHelp&) {
    fmt::print("{}", app.help("", CLI::AppFormatMode::All));
    return exit_done;
  } catch (const CLI::ParseError& error) {
    // A mistyped word is also why something required seems to be missing: it is what to name.
    const std::vector<std::string> unknown = app.remaining(true);
    const std::string problem = unknown.empty() ? json_escape(error.what()) : describe(unknown.front(), app);
    tell(app.get_name(), fmt::format("{}; see {} --help", problem, app.get_name()));
    return exit_usage;
  }
}

int exit_code_of(const Error& error) {
  return error.code == ErrorCode::invalid_input ? exit_usage : exit_failed;
}

int report(std::string_view program, const Error& error) {
  tell(program, error.message);
  return exit_code_of(error);
}

std::filesystem::path models_folder() {
  std::error_code failed;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::filesystem::path("/usr/share/wayside/models")
                : self.parent_path().parent_path() / "share" / "wayside" / "models";
}

}  // namespace wayside::app
