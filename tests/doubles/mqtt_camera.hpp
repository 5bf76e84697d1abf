// A camera as the firmware wires it, from the sealed record to the broker, without its eyes: real queue, real
// sealing, real uploader, MQTT.
//
// Threads: the uploader has one of its own; append() and wait_drained() from the test's. Ownership: the
// identity's folder outlives it. Failure: an exception, which fails the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "wayside/base/counters.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"
#include "wayside/delivery/upload/back_office.hpp"
#include "wayside/delivery/upload/uploader.hpp"
#include "wayside/device/identity/identity.hpp"

#include "tests/backoffice/sealing_camera.hpp"

namespace wayside::doubles {

class MqttCamera {
 public:
  // `recipients` is the folder of public files to seal to.
  MqttCamera(const Identity& identity, const std::filesystem::path& recipients, std::uint16_t broker_port,
             MqttOptions::Protocol protocol)
      : device_id_(identity.device_id) {
    const std::filesystem::path folder = identity.certificate.parent_path();
    sealer_ = make_record_sealer(
        {device_id_, must(load_signing_seed(folder)), must(load_recipients(recipients)), {}});
    QueueOptions queue;
    queue.directory = folder / "queue";
    queue.segments = 16;
    queue.segment_bytes = 256 * 1024;
    queue.sealer = sealer_.get();
    queue_ = must(open_record_queue(queue));
    MqttOptions mqtt;
    mqtt.host = "127.0.0.1";
    mqtt.port = broker_port;
    mqtt.device_id = device_id_;
    mqtt.ca_certificate = identity.back_office_ca;
    mqtt.certificate = identity.certificate;
    mqtt.private_key = identity.private_key;
    mqtt.protocol = protocol;
    mqtt.time_limit = std::chrono::seconds(5);
    back_office_ = must(make_mqtt_back_office(mqtt));
    UploaderOptions options;
    options.device_id = device_id_;
    options.first_retry = std::chrono::milliseconds(50);
    options.longest_retry = std::chrono::milliseconds(500);
    options.longest_backlog_delay = std::chrono::milliseconds(50);
    uploader_ = make_uploader(options, *queue_, *back_office_, counters_);
    thread_ = std::jthread([this](const std::stop_token& stop) { uploader_->run(stop); });
  }
  ~MqttCamera() {
    back_office_->hurry(std::chrono::steady_clock::now());
    thread_ = {};
  }
  MqttCamera(const MqttCamera&) = delete;
  MqttCamera& operator=(const MqttCamera&) = delete;

  void append(int count) {
    for (int i = 0; i < count; ++i) {
      const RecordParts parts =
          backoffice::parts_of(backoffice::sample_record(device_id_, "AB12CDE", appended_++ % 60));
      static_cast<void>(must(queue_->append({&parts, 1})));
      uploader_->wake();
    }
  }
  [[nodiscard]] bool wait_drained(std::chrono::milliseconds limit) { return uploader_->wait_drained(limit); }
  [[nodiscard]] int appended() const { return appended_; }
  [[nodiscard]] std::uint64_t waiting() const { return queue_->depth().unacknowledged; }
  [[nodiscard]] BackOffice& back_office() { return *back_office_; }
  [[nodiscard]] QueueUuid queue_uuid() const { return queue_->uuid(); }
  [[nodiscard]] const std::string& device_id() const { return device_id_; }

 private:
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }

  std::string device_id_;
  CounterSet counters_;
  std::unique_ptr<ReplaceableSealer> sealer_;
  std::unique_ptr<RecordQueue> queue_;
  std::unique_ptr<BackOffice> back_office_;
  std::unique_ptr<Uploader> uploader_;
  int appended_ = 0;
  std::jthread thread_;  // last: it is joined before what it uses goes
};

}  // namespace wayside::doubles
