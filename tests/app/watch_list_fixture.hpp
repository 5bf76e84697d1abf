// A camera's keeper of VOI lists, and a real office that it asks over TLS.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/watch_lists.hpp"
#include "wayside/base/files.hpp"

#include "src/app/watch_list_keeper.hpp"
#include "tests/doubles/back_office_double.hpp"
#include "tests/doubles/hand_clock.hpp"
#include "tests/doubles/memory_queue.hpp"
#include "tests/doubles/time.hpp"

namespace wayside::app {

using doubles::at;

// The office's answers, and what the way between makes of them.
class Way final : public ListOffice {
 public:
  struct Faults {
    std::function<Status()> before;                                   // an error: nothing comes through
    std::function<void(std::string& piece, std::uint64_t at)> after;  // may change what comes
    std::uint64_t pieces = 0;
    std::vector<std::string> documents;
  };
  Way(std::unique_ptr<ListOffice> office, Faults& faults) : office_(std::move(office)), faults_(faults) {}
  Result<Secret> key() override {
    if (faults_.before) {
      if (Status lost = faults_.before(); !lost) return fail(lost.error());
    }
    return office_->key();
  }
  Result<std::string> piece(const ListOffer& offer, std::uint64_t from) override {
    if (faults_.before) {
      if (Status lost = faults_.before(); !lost) return fail(lost.error());
    }
    auto piece = office_->piece(offer, from);
    if (piece) {
      ++faults_.pieces;
      if (from == 0) faults_.documents.push_back(offer.document);
      if (faults_.after) faults_.after(*piece, from);
    }
    return piece;
  }

 private:
  std::unique_ptr<ListOffice> office_;
  Faults& faults_;
};

class WatchListKeeperTest : public testing::Test {
 protected:
  WatchListKeeperTest() {
    office_.start();
    clock_.kernel.source = TimeSource::ntp;
    clock_.kernel.max_error_ms = 50;
    start_anew();
  }
  void start_anew() {
    keeper_.reset();
    WatchListKeeperOptions options;
    options.device_id = camera_.device_id;
    options.folder = lists_folder();
    options.limits = limits_;
    options.known_earliest = [this](MonotonicTime) { return known_earliest_; };
    options.on_change = [this](const ListChange& change) { changes_.push_back(change); };
    options.first_retry = options.longest_retry = std::chrono::milliseconds(1);
    keeper_ = std::make_unique<WatchListKeeper>(
        options,
        [this]() -> Result<std::unique_ptr<ListOffice>> {
          HttpsOptions https;
          https.url = office_.server().url();
          https.ca_certificate = camera_.back_office_ca;
          https.certificate = camera_.certificate;
          https.private_key = camera_.private_key;
          auto made = make_list_office(https, camera_.device_id);
          if (!made) return fail(made.error());
          return std::make_unique<Way>(std::move(*made), faults_);
        },
        clock_, health_, counters_);
  }
  [[nodiscard]] std::filesystem::path lists_folder() const {
    return camera_.private_key.parent_path() / "watchlists";
  }
  [[nodiscard]] backoffice::GivenLists lists() {
    return backoffice::GivenLists(office_.authority().watch_lists());
  }

  static constexpr int others = 30;
  // The list's next revision, of these VRMs and others; each entry's own id is "id" and its VRM.
  void issue(const std::vector<std::string>& vrms, const std::string& list = "north",
             const std::string& weed_date = "") {
    const std::filesystem::path file = office_.folder() / "entries.csv";
    std::ofstream out(file);
    out << "vrm,pnc_id,action,reason,weed_date\n";
    for (const std::string& vrm : vrms)
      out << vrm << ",id" << vrm << ",STOP,look into the boot," << weed_date << "\n";
    // So many that a delta is shorter.
    for (int i = 10; i < 10 + others; ++i)
      out << "ZQ" << i << "XQZ,,SILENT,,\n";
    out.close();
    const auto issued = backoffice::issue_watch_list(office_.authority().watch_lists(), list, file,
                                                     at("2026-11-01T00:00:00Z"), at("2026-11-01T00:00:00Z"),
                                                     at("2027-11-01T00:00:00Z"));
    ASSERT_TRUE(issued) << issued.error().message;
    const std::uint64_t revision = issued->head.facts.revision;
    if (revision > 1) {
      ASSERT_TRUE(backoffice::make_watch_list_delta(office_.authority().watch_lists(), list, revision - 1));
    }
  }
  void give(const std::string& list = "north") {
    const Status given = lists().give(list, camera_.device_id, clock_.utc);
    ASSERT_TRUE(given) << given.error().message;
  }
  // Its last byte, which belongs to the one chunk that has the entries.
  void damage_on_flash(const std::string& list) {
    std::fstream file(lists_folder() / list / (list + ".sealed"),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('x');
  }
  // As the answer to a heartbeat does.
  void offer() {
    const auto given = lists().offers(camera_.device_id, keeper_->held());
    ASSERT_TRUE(given) << given.error().message;
    std::vector<ListOffer> offers;
    for (const backoffice::GivenLists::Offer& one : *given)
      offers.push_back({one.list, one.revision, one.document, one.bytes});
    keeper_->offered(offers);
  }
  void look(int times = 40) {
    for (int i = 0; i < times; ++i) {
      static_cast<void>(keeper_->look());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // Heartbeats and looks until all is said.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      offer();
      look();
    }
  }
  // Of now.
  VehiclePass pass_of(const std::string& vrm) {
    VehiclePass pass;
    pass.vrm = vrm;
    pass.confidence = 0.9F;
    pass.character_confidences.assign(vrm.size(), 0.98F);
    pass.best_frame.utc = clock_.utc;
    pass.best_frame.monotonic = clock_.monotonic;
    return pass;
  }
  std::vector<RecordHit> match(const std::string& vrm) { return keeper_->match(pass_of(vrm), clock_.kernel); }
  std::uint64_t revision(const std::string& list = "north") {
    for (const auto& held : keeper_->lists())
      if (held.facts.list == list) return held.facts.revision;
    return 0;
  }
  std::string problem() { return health_.problems()["watch_lists"]; }
  std::vector<nlohmann::json> put_on_record() {
    doubles::MemoryQueue queue;
    static_cast<void>(keeper_->write_records(queue));
    std::vector<nlohmann::json> records;
    for (std::uint64_t n = 1; n <= queue.depth().unacknowledged; ++n) {
      const Bytes text = queue.read(SequenceNumber(n)).value().parts.at(0).bytes;
      records.push_back(nlohmann::json::parse(text.begin(), text.end()).at("watch_list"));
    }
    return records;
  }
  std::string audit() {
    return read_text_file(office_.authority().watch_lists() / "audit.jsonl").value_or("");
  }

  doubles::BackOfficeDouble office_;
  Identity camera_ = office_.new_camera();
  doubles::HandClock clock_{at("2026-11-28T12:00:00Z")};
  Health health_;
  CounterSet counters_;
  Way::Faults faults_;
  ListLimits limits_;
  UtcTime known_earliest_;
  std::vector<ListChange> changes_;  // as they were told
  std::unique_ptr<WatchListKeeper> keeper_;
};

}  // namespace wayside::app
