// A console at one end of a pseudo terminal, and somebody who types at the other.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "wayside/device/console/console.hpp"

#include "tests/doubles/console_services.hpp"
#include "tests/doubles/serial_cable.hpp"

namespace wayside::console {

inline constexpr const char* password = "correct horse battery";

class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() {
    camera_.accounts.accounts["alice"] = {ConsoleRole::installer, password};
    camera_.accounts.accounts["olga"] = {ConsoleRole::operator_, password};
    camera_.accounts.accounts["audrey"] = {ConsoleRole::auditor, password};
    options_.terminal_name = "ttyS0";
    options_.version = "0.1.0";
    options_.physically_present = true;
  }
  ~ConsoleTest() override { stop(); }

  doubles::SerialCable& start(unsigned rate = 0, const SerialLine& line = {}) {
    cable_ = std::make_unique<doubles::SerialCable>(rate);
    auto terminal = open_serial_terminal(cable_->far_end(), line);
    EXPECT_TRUE(terminal) << terminal.error().message;
    console_ = std::thread([this, terminal = std::move(*terminal)] {
      ok_ = run_console(*terminal, camera_.services(), options_);
      ended_ = true;
    });
    return *cable_;
  }
  void stop() {
    if (cable_) cable_->pull();
    if (console_.joinable()) console_.join();
  }
  void log_in(const char* name = "alice", bool asked = false) {
    ASSERT_TRUE(asked || cable_->sees("login: ")) << cable_->seen();
    cable_->type(std::string(name) + "\r");
    ASSERT_TRUE(cable_->sees("password: ")) << cable_->seen();
    cable_->type(std::string(password) + "\r");
    ASSERT_TRUE(cable_->sees("Logged in as")) << cable_->seen();
    ASSERT_TRUE(cable_->sees(std::string(name) + "> ")) << cable_->seen();
  }
  // Types a line and waits for what it must answer.
  void expect(std::string_view line, std::string_view answer) {
    cable_->type(std::string(line) + "\r");
    EXPECT_TRUE(cable_->sees(answer)) << "typed: " << line << "\nawaited: " << answer << "\nseen:\n"
                                      << cable_->seen();
  }
  // Nothing but text, ends of lines and what rubs a character out.
  static bool is_harmless(std::string_view text) {
    for (const char c : text) {
      if (!(c >= 0x20 && c <= 0x7e) && c != '\r' && c != '\n' && c != '\b' && c != '\a') return false;
    }
    return true;
  }

  doubles::MemoryCameraServices camera_;
  ConsoleOptions options_;
  std::unique_ptr<doubles::SerialCable> cable_;
  std::thread console_;
  std::atomic<bool> ended_ = false;
  bool ok_ = false;
};

}  // namespace wayside::console
