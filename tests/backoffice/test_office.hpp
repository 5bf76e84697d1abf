// An office without the network: a store, keys, and cameras enrolled in it that seal to them.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "wayside/backoffice/recipients.hpp"
#include "wayside/backoffice/store.hpp"

#include "src/backoffice/office_keys.hpp"
#include "src/backoffice/receiver.hpp"
#include "tests/backoffice/sealing_camera.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::backoffice {

class TestOffice {
 public:
  static constexpr UtcTime now = sample_now;

  TestOffice() {
    must(make_recipient_key(recipients_folder(), now, now + recipient_key_lifetime));
    store_ = must(Store::open(database()));
    keys_ = must(OfficeKeys::load(recipients_folder()));
  }

  // Enrolled, with a new key.
  SealingCamera new_camera(const std::string& device_id = "0123456789abcdef") {
    SealingCamera camera(device_id, Secret::random(), recipients());
    enrol(camera);
    return camera;
  }
  void enrol(const SealingCamera& camera) {
    must(store_->enrol(camera.device_id(), sha256(camera.key()), camera.key(), now));
  }

  std::vector<Receipt> take(const std::vector<Sending>& sendings,
                            const std::string& device_id = "0123456789abcdef") {
    const Bytes body = batch_of(sendings);
    const auto batch = must(parse_batch(body));
    auto taken = must(Receiver(*store_, *keys_).take(device_id, batch, now));
    new_records_.insert(new_records_.end(), taken.new_records.begin(), taken.new_records.end());
    return std::move(taken.receipts);
  }
  Receipt take_one(const Sending& sending, const std::string& device_id = "0123456789abcdef") {
    return take({sending}, device_id).at(0);
  }
  // Which it must take.
  void put(const std::vector<Sending>& sendings, const std::string& device_id = "0123456789abcdef") {
    for (const Receipt& receipt : take(sendings, device_id)) {
      if (receipt.outcome != Receipt::Outcome::accepted)
        throw std::runtime_error("not accepted: " + receipt.reason);
    }
  }

  [[nodiscard]] Store& store() { return *store_; }
  void reopen() {
    store_.reset();
    store_ = must(Store::open(database()));
  }
  // Behind the store's back.
  void run_sql(const std::string& sql) const {
    sqlite3* connection = nullptr;
    const bool done = sqlite3_open(database().c_str(), &connection) == SQLITE_OK &&
                      sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    sqlite3_close(connection);
    if (!done) throw std::runtime_error("cannot run " + sql);
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return temporary_.path(); }
  [[nodiscard]] std::filesystem::path database() const { return folder() / "records.db"; }
  [[nodiscard]] std::filesystem::path recipients_folder() const { return folder() / "recipients"; }
  [[nodiscard]] std::vector<Recipient> recipients() const {
    return must(load_recipients(recipients_folder()));
  }
  [[nodiscard]] const std::vector<std::string>& new_records() const { return new_records_; }

 private:
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }

  doubles::TemporaryFolder temporary_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<OfficeKeys> keys_;
  std::vector<std::string> new_records_;
};

}  // namespace wayside::backoffice
