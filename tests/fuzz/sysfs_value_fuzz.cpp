// Numbers, bytes in hex and names in the kernel's files.
#include <fmt/format.h>

#include "drivers/sysfs/sysfs_value.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  using namespace wayside::sysfs;
  static const InputFile input;
  constexpr ValueRange range{-55'000, 4'000'000'000};
  const auto value = value_from_text(text_of(data, size), range);
  if (value) {
    require(*value >= range.least && *value <= range.most, "a value lies within its range");
    const auto again = value_from_text(std::to_string(*value) + "\n", range);
    require(again && *again == *value, "a value is read as it is written");
  } else {
    require_good(value.error());
  }
  const auto from_file = read_value(input.write(data, size), range);
  if (!from_file) require_good(from_file.error());
  require(size > 60 || from_file.has_value() == value.has_value(), "a file says what its text says");

  for (const std::size_t count : {1U, 2U}) {
    const auto bytes = bytes_from_text(text_of(data, size), count);
    if (!bytes) {
      require_good(bytes.error());
      continue;
    }
    require(bytes->size() == count, "as many bytes as were asked for");
    std::string written;
    for (const std::uint8_t byte : *bytes)
      written += fmt::format("{}0x{:02x}", written.empty() ? "" : " ", byte);
    const auto again = bytes_from_text(written + "\n", count);
    require(again && *again == *bytes, "bytes are read as they are written");
  }
  if (const auto word = word_from_text(text_of(data, size))) {
    require(!word->empty() && word->size() <= 40 && is_plain_text(*word), "a name is short and plain");
    require(word_from_text(*word).value() == *word, "a name stays as it is");
  } else {
    require_good(word.error());
  }
  return 0;
}
