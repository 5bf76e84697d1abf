// A camera's keeper of updates with time in the test's hands, and a folder as wayside-update shares it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wayside/base/files.hpp"

#include "src/app/update_keeper.hpp"
#include "src/delivery/upload/update_answer.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::app {

// An office that has bundles, and what the way between makes of them.
struct UpdateWay {
  std::map<std::string, std::string> bundles;                         // by the hash that is asked for
  std::function<Status(std::uint64_t from)> before;                   // an error: nothing comes through
  std::function<void(std::string& piece, std::uint64_t from)> after;  // may change what comes
  std::vector<std::uint64_t> asked;
};

class ScriptedUpdateOffice final : public UpdateOffice {
 public:
  explicit ScriptedUpdateOffice(UpdateWay& way) : way_(way) {}
  Result<std::string> piece(const UpdateOffer& offer, std::uint64_t from) override {
    way_.asked.push_back(from);
    if (way_.before) {
      if (Status lost = way_.before(from); !lost) return fail(lost.error());
    }
    const auto bundle = way_.bundles.find(offer.sha256);
    upload::HttpAnswer answer;
    answer.status = bundle == way_.bundles.end() ? 404 : 200;
    answer.content_type = "application/vnd.wayside.update";
    if (answer.status == 200 && from < bundle->second.size())
      answer.body = bundle->second.substr(from, largest_update_piece);
    if (way_.after) way_.after(answer.body, from);
    return upload::update_piece_from(std::move(answer), upload::update_piece_bytes(offer, from));
  }

 private:
  UpdateWay& way_;
};

class UpdateKeeperTest : public testing::Test {
 protected:
  UpdateKeeperTest() {
    std::filesystem::create_directories(folder_.incoming());
    system_.version = {1, 2, 0};
    system_.compatible = "wayside-test";
    system_.slot = BootSlot::a;
    clock_.kernel.source = TimeSource::ntp;
    start_anew();
  }
  void start_anew() {
    keeper_.reset();
    UpdateKeeperOptions options;
    options.folder = folder_;
    options.system = system_;
    options.able = [this] { return able_; };
    options.ask_office = [this] { ++heartbeats_asked_; };
    options.bytes_per_s = bytes_per_s_;
    options.free_bytes = [this](const std::filesystem::path&) -> Result<std::uint64_t> { return free_; };
    UpdateKeeper::Connect connect = [this]() -> Result<std::unique_ptr<UpdateOffice>> {
      return std::make_unique<ScriptedUpdateOffice>(way_);
    };
    if (!has_office_) connect = {};
    keeper_ = std::make_unique<UpdateKeeper>(options, std::move(connect), clock_, health_, counters_);
  }
  // The office has it from now on.
  UpdateOffer bundle(const std::string& version, std::size_t bytes = 3'333'333) {
    std::string content;
    content.reserve(bytes);
    std::uint32_t state = static_cast<std::uint32_t>(std::hash<std::string>{}(version)) | 1U;
    while (content.size() < bytes) {
      state = state * 1'664'525U + 1'013'904'223U;
      content.push_back(static_cast<char>(state >> 24U));
    }
    UpdateOffer offer{version, "wayside-test", bytes, to_hex(sha256(as_bytes(content))), {}};
    way_.bundles[offer.sha256] = std::move(content);
    return offer;
  }
  // With its answer to this heartbeat, and to each after it.
  void gives(const std::optional<UpdateOffer>& offer) {
    given_ = offer;
    answer();
  }
  void answer() {
    answered_at_ = clock_.monotonic;
    keeper_->offered(*given_);
  }
  // The camera looks as often as it wants to for so long, and sends its heartbeats.
  void go_on(std::chrono::milliseconds time) {
    const UtcTime end = clock_.utc + time;
    int looks = 0;
    while (clock_.utc < end && ++looks < 100'000) {
      if (answers_ && given_ && clock_.monotonic - answered_at_ >= std::chrono::seconds(30)) answer();
      const std::chrono::milliseconds wait = keeper_->look();
      clock_.wait_until(std::min(end, clock_.utc + wait));
    }
  }
  // Looks until so much has been asked for.
  void until_asked(std::uint64_t from) {
    for (int i = 0; i < 10'000 && (way_.asked.empty() || way_.asked.back() < from); ++i)
      clock_.wait_until(clock_.utc + keeper_->look());
  }
  void settle() { go_on(std::chrono::minutes(1)); }
  [[nodiscard]] bool there(const std::filesystem::path& file) { return std::filesystem::exists(file); }
  [[nodiscard]] std::string content(const std::filesystem::path& file) {
    return read_text_file(file, std::size_t{64} << 20U).value_or("nothing");
  }
  [[nodiscard]] std::optional<InstallRequest> request() {
    const auto text = read_text_file(folder_.install());
    return text ? std::optional(install_request_from(*text).value()) : std::nullopt;
  }
  // As wayside-update does.
  void becomes(UpdateState state, const std::string& version, const std::string& reason = "") {
    UpdateStatus status;
    status.state = state;
    status.version = version;
    status.reason = reason;
    ASSERT_TRUE(write_update_status(folder_, status));
    std::filesystem::remove(folder_.install());
    std::filesystem::remove(folder_.bundle());
  }
  [[nodiscard]] std::string problem() { return health_.problems()["update"]; }
  [[nodiscard]] std::string state() { return keeper_->state().state; }

  doubles::TemporaryFolder temporary_;
  UpdateFolder folder_{temporary_.path() / "update"};
  RunningSystem system_;
  doubles::HandClock clock_{utc_from_iso8601("2026-11-28T12:00:00Z").value()};
  Health health_;
  CounterSet counters_;
  UpdateWay way_;
  bool has_office_ = true;
  bool answers_ = true;                              // to heartbeats
  std::optional<std::optional<UpdateOffer>> given_;  // none: to none yet
  MonotonicTime answered_at_{};
  Abilities able_ = {"capture", "deliver"};
  std::uint64_t bytes_per_s_ = 0;
  std::uint64_t free_ = std::uint64_t{1} << 30U;
  int heartbeats_asked_ = 0;
  std::unique_ptr<UpdateKeeper> keeper_;
};

}  // namespace wayside::app
