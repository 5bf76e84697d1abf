// What the programs beside waysided answer, as a person meets it.
#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/time.hpp"

#include "tests/replay/replay_scene.hpp"

namespace wayside::replay_test {

class OtherCommandLines : public testing::Test {
 protected:
  struct Answer {
    int code;
    std::string text;
  };
  Answer answer(const std::string& program, const std::vector<std::string>& arguments) {
    Process process(arguments, folder_.path() / "output", from_environment("WAYSIDE_BINARY_DIR"), program);
    const int code = process.wait();
    return {code, process.log()};
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(at(name)) << text; }
  // So far from today, as the office's options take a date: a fixed one would come to lie in the past.
  static std::string date_in(std::chrono::hours from_now) {
    return to_iso8601(utc_now() + from_now).substr(0, 10);
  }
  // In the office of folder "office", whatever its certificate.
  void enrol(const std::string& device_id) const {
    const auto store = backoffice::Store::open_existing(at("office") + "/records.db");
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->enrol(device_id, Sha256{}, PublicKey{}, UtcTime{1'795'000'000'000}));
  }
  doubles::TemporaryFolder folder_;
};

}  // namespace wayside::replay_test
