// A virtual machine with a flash queue on its disk, and what the tests of power cuts do with both.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/vm/machine/virtual_machine.hpp"
#include "tests/vm/power/books.hpp"
#include "tests/vm/power/flash_image.hpp"
#include "tests/vm/power/power_keys.hpp"

namespace wayside::vm {

inline std::uint64_t asked_for(const char* variable, std::uint64_t usually) {
  const char* asked = std::getenv(variable);
  return asked == nullptr ? usually : std::strtoull(asked, nullptr, 10);
}

class PowerTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& missing : {VirtualMachine::missing(), missing_image_tools()}) {
      if (!missing.empty()) GTEST_SKIP() << missing;
    }
    make_power_keys(keys_.path());
    make_flash_image(disk_);
    fmt::print("seed {}\n", seed_);
    std::fflush(stdout);
  }

  std::filesystem::path file(const std::string& name) { return folder_.path() / name; }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::unique_ptr<VirtualMachine> machine(const std::vector<std::filesystem::path>& disks,
                                          const std::vector<std::string>& more = {}) {
    return std::make_unique<VirtualMachine>(MachineOptions{file("console"), disks, 512, more});
  }
  // The guest has no udevd that would wait for the device or name it: it is there at once, as /dev/dm-0.
  static void make_dm_device(VirtualMachine& machine, const std::string& name, const std::string& table) {
    must(machine, fmt::format("printf '{}' | dmsetup create {} --noudevsync --noudevrules", table, name));
  }
  // On the queue of the file system that is mounted on /mnt.
  [[nodiscard]] std::string writer(std::uint64_t life, const std::string& options) const {
    const char* build = std::getenv("WAYSIDE_BINARY_DIR");
    return fmt::format("{}/tests/flash_writer {} /mnt/queue {} {}", build == nullptr ? "." : build,
                       keys_.path().string(), life, options);
  }
  void hear_all(VirtualMachine& machine, Books& books) {
    while (const auto line = machine.next_line(std::chrono::minutes(5)))
      books.hear(*line);
  }
  Findings examine(const std::filesystem::path& image, const Books& books) {
    const auto copy = file("copy");
    copy_folder_out(image, "queue", copy);
    return books.examine(copy / "queue", keys_.path());
  }
  static void expect_nothing_wrong(const Findings& findings) {
    for (const std::string& problem : findings.problems)
      ADD_FAILURE() << problem;
  }
  static void print(const Books& books, const Findings& findings) {
    fmt::print(
        "records attempted {}, accepted {}, recovered {}, duplicated {}, lost {}, false acceptances {}\n",
        books.attempted(), books.accepted(), findings.recovered, findings.duplicated, findings.lost,
        findings.false_acceptances);
    std::fflush(stdout);
  }

  // Images are copied by the hundred: in memory, where there is such a place, that costs nobody's disk. What
  // the guest is to see lies elsewhere, since it has a /dev of its own.
  static std::filesystem::path in_memory() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code none;
    const bool has_room = std::filesystem::space(memory, none).available >= std::uintmax_t{1} << 30U && !none;
    return has_room ? memory : std::filesystem::temp_directory_path();
  }

  doubles::TemporaryFolder keys_;
  doubles::TemporaryFolder folder_{in_memory()};
  std::filesystem::path disk_ = folder_.path() / "disk";
  const std::uint64_t seed_ = asked_for("WAYSIDE_POWER_SEED", std::random_device{}());
  std::mt19937_64 random_{seed_};
};

}  // namespace wayside::vm
