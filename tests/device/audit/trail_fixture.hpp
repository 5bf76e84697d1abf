// A folder with an audit trail in it, whose text a test may change.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/base/files.hpp"
#include "wayside/device/audit/trail.hpp"

#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {

class TrailTest : public testing::Test {
 protected:
  static TrailEvent login(const std::string& name) {
    return {std::string(trail_event::login), {name, "installer", "ttyS0"}, {{"way", "password"}}};
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
      text += line + "\n";
    return text;
  }

  AuditTrail open() { return open({}); }
  AuditTrail open(AuditTrail::Options options) {
    options.folder = folder_.path() / "audit";
    options.boot_id = std::string(32, 'b');
    auto opened = AuditTrail::open(options, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  // trail_begun and logins of a, b, c ...
  AuditTrail with_logins(int count) {
    AuditTrail trail = open();
    for (int i = 0; i < count; ++i)
      EXPECT_TRUE(trail.append(login(std::string(1, static_cast<char>('a' + i)))));
    return trail;
  }
  std::filesystem::path file(const std::string& name = "trail.jsonl") const {
    return folder_.path() / "audit" / name;
  }
  std::string text() const { return read_text_file(file()).value(); }
  void put(const std::string& content, const std::string& name = "trail.jsonl") const {
    std::ofstream(file(name), std::ios::binary) << content;
  }

  doubles::TemporaryFolder folder_{doubles::in_memory()};
  doubles::HandClock clock_{*utc_from_iso8601("2026-11-28T10:00:00Z")};
};

}  // namespace wayside
