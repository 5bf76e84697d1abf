#include "src/device/console/paging.hpp"

#include <cstddef>

namespace wayside::console {

void write_paged(Terminal& terminal, std::string_view lines) {
  constexpr std::size_t screen = 22;
  constexpr std::size_t columns = 80;
  constexpr auto patience = std::chrono::minutes(5);
  if (!terminal.is_screen()) return terminal.write(lines);
  std::size_t rows = 0;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end == std::string_view::npos ? end : end + 1);
    const std::size_t takes = line.empty() ? 1 : 1 + (line.size() - 1) / columns;
    if (rows > 0 && rows + takes > screen) {
      terminal.write("-- more: blank goes on, q ends --");
      Terminal::Key key;
      do {
        key = terminal.read_key(patience);
      } while (key.input == Input::line && key.key != ' ' && key.key != '\n' && key.key != 'q');
      terminal.write("\n");
      if (key.input != Input::line || key.key == 'q') return;
      rows = 0;
    }
    terminal.write(line);
    rows += takes;
    lines.remove_prefix(line.size());
  }
}

}  // namespace wayside::console
