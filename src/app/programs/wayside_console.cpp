// wayside-console: a person with a cable, a file or a local socket, and the camera's commands.
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/base/harden_process.hpp"
#include "wayside/base/version.hpp"
#include "wayside/device/clock/boot_id.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/console/console.hpp"

#include "src/app/command_line.hpp"
#include "src/app/console/joined_services.hpp"

namespace {

using namespace wayside;
using namespace wayside::app;
namespace fs = std::filesystem;

constexpr std::string_view program = "wayside-console";

constexpr const char* description =
    "The console of a Wayside camera: configure, test and aim it, and look at "
    "what was done, by typed "
    "commands.\n"
    "On a terminal (a serial line, usually) the line is edited, ? helps and "
    "Tab completes; from a file, pipe or\n"
    "local socket it takes the same commands line by line. It works while "
    "waysided does not.\n";

constexpr const char* footer =
    "\nEXAMPLES\n"
    "  wayside-console --tty /dev/ttyS0 --rates 115200,9600\n"
    "      On a serial line, as the service does: begins with the first rate "
    "and takes the next on a BREAK.\n"
    "  wayside-console\n"
    "      On this terminal, or on standard input where that is none.\n"
    "  wayside-console --file commission.txt\n"
    "      Log in on this terminal, then do what the file says, up to its "
    "first line that fails.\n"
    "\nEXIT CODES\n"
    "  0  done\n"
    "  1  a command of a file, or the login for it, failed; the terminal "
    "cannot be used\n"
    "  2  the command line is wrong\n";

struct Arguments {
  std::string tty;
  std::vector<unsigned> rates;
  std::string terminal = "dumb";
  unsigned idle_minutes = 10;
  std::string file;
  ConsolePlaces places;
};

// A serial line of the machine's: whoever types there holds a cable. A pseudo terminal may end anywhere.
bool is_serial(int descriptor) {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0 || !S_ISCHR(found.st_mode)) return false;
  constexpr const char* places[] = {"ttyS",   "ttyAMA", "ttyUSB", "ttyACM",
                                    "ttymxc", "ttyTHS", "ttyO",   "ttyGS"};
  char name[64] = {};
  if (::ttyname_r(descriptor, name, sizeof name) != 0) return false;
  const std::string last = fs::path(name).filename().string();
  for (const char* const place : places) {
    if (last.rfind(place, 0) == 0) return true;
  }
  return false;
}

std::string name_of(int descriptor) {
  char name[64] = {};
  if (::ttyname_r(descriptor, name, sizeof name) == 0)
    return fs::path(name).lexically_relative("/dev").string();
  struct stat found {};
  if (::fstat(descriptor, &found) == 0 && S_ISSOCK(found.st_mode)) return "socket";
  return "standard input";
}

Result<std::vector<std::string>> lines_of(const std::string& file) {
  const Result<std::string> text = read_text_file(file, std::size_t{64} << 10U);
  if (!text) return fail(text.error());
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    lines.push_back(text->substr(at, end - at));
    if (!lines.back().empty() && lines.back().back() == '\r') lines.back().pop_back();
    at = end + 1;
  }
  return lines;
}

int talk(Arguments& arguments, int in, int out) {
  const Result<std::string> boot_id = read_boot_id();
  if (!boot_id) return report(program, boot_id.error());
  console::ConsoleOptions options;
  options.version = version();
  options.terminal_name = name_of(in);
  options.physically_present = is_serial(in);
  options.idle_limit = std::chrono::minutes(arguments.idle_minutes);
  if (!arguments.file.empty()) {
    Result<std::vector<std::string>> script = lines_of(arguments.file);
    if (!script) return report(program, script.error());
    options.script = std::move(*script);
    options.has_script = true;
  }
  std::unique_ptr<console::Terminal> terminal;
  if (::isatty(in) == 1) {
    auto opened = console::open_serial_terminal(in, {arguments.rates, arguments.terminal});
    if (!opened) return report(program, opened.error());
    terminal = std::move(*opened);
  } else {
    terminal = console::make_line_terminal(in, out);
  }
  arguments.places.boot_id = *boot_id;
  arguments.places.terminal_name = options.terminal_name;
  const auto clock = make_system_clock();
  const auto accounts = join_accounts(arguments.places, *clock);
  const auto configuration = join_configuration(arguments.places, *clock);
  const auto trail = join_trail(arguments.places, *clock);
  const auto camera = join_camera(arguments.places);
  return console::run_console(*terminal, {*accounts, *configuration, *trail, *camera}, options) ? exit_done
                                                                                                : exit_failed;
}

int run(int argc, char** argv) {
  CLI::App app(description, std::string(program));
  prepare(app);
  app.footer(footer);
  Arguments arguments;
  app.add_option("--tty", arguments.tty, "The terminal; standard input where it is not given")
      ->type_name("DEVICE");
  app.add_option("--rates", arguments.rates,
                 "Of the serial line, in bit/s: 9600, 19200, 38400, 57600, "
                 "115200; the first to begin with, the "
                 "next on each BREAK. As it is set where it is not given")
      ->delimiter(',')
      ->check(one_of({"9600", "19200", "38400", "57600", "115200"}))
      ->type_name("RATE,...");
  app.add_option("--terminal", arguments.terminal,
                 "Its kind: dumb shows text and goes back a character; vt100 "
                 "lets aim draw over itself")
      ->check(one_of({"dumb", "vt100", "vt102", "vt220", "xterm", "linux"}))
      ->type_name("KIND");
  app.add_option("--idle-minutes", arguments.idle_minutes, "Who types no line for so long is logged out")
      ->check(whole_number(1, 600))
      ->type_name("MINUTES");
  app.add_option("--file", arguments.file, "Do what it says after the login, a command a line")
      ->type_name("FILE");
  app.add_option("--state", arguments.places.state,
                 "Where the camera keeps its configuration, accounts and trail")
      ->type_name("FOLDER");
  app.add_option("--control-socket", arguments.places.control_socket, "Where waysided answers")
      ->type_name("PATH");
  app.add_option("--requests", arguments.places.requests, "Where the machine is asked to start again")
      ->type_name("FOLDER");
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  // Somebody who hangs up is an end of the line, and no signal.
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGPIPE})
    std::signal(signal, SIG_IGN);
  ::umask(0007);
  if (arguments.tty.empty()) return talk(arguments, STDIN_FILENO, STDOUT_FILENO);
  const int line = ::open(arguments.tty.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (line < 0) {
    return report(program, {ErrorCode::io, fmt::format("{} cannot be opened: {}", arguments.tty,
                                                       std::generic_category().message(errno))});
  }
  ::fcntl(line, F_SETFL, 0);
  const int code = talk(arguments, line, line);
  ::close(line);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  return run_program(program, [&] { return run(argc, argv); });
}
