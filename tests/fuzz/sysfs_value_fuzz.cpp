// Numbers in the kernel's files.
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
  return 0;
}
