#include "wayside/device/clock/boot_id.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside {

Result<std::string> read_boot_id(const std::filesystem::path& file) {
  auto text = read_text_file(file, 200);
  if (!text) return fail(text.error());
  std::erase_if(*text, [](char c) { return c == '-' || c == '\n'; });
  if (text->size() != 32 || text->find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail(ErrorCode::corrupt, fmt::format("{} holds no boot id; expected a UUID in lower case",
                                                json_escape(file.string())));
  }
  return text;
}

}  // namespace wayside
