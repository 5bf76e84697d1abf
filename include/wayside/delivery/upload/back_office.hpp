// The receiver of records, as the uploader sees it.
//
// Threads: deliver() from one thread; heartbeat() from one other at the same time; hurry() from any. Failure:
// every outcome is a value; see Receipt.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/strong.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"
#include "wayside/device/update/update_offer.hpp"

namespace wayside {

// The key under which a part is stored exactly once.
struct StoreKey {
  std::string device_id;  // 16 hex digits
  QueueUuid queue_uuid{};
  SequenceNumber number;
};

// What is sent and receipted as one.
enum class ShipmentKind : std::uint8_t {
  text,  // the head and every sealed part that is no picture: goes first
  plate,
  overview,
};

struct Shipment {
  StoreKey key;
  RecordClass record_class = RecordClass::ordinary;
  ShipmentKind kind = ShipmentKind::text;
  // Not owned: both outlive the call. A picture's shipment has the head beside it for profiles that need it.
  const SealedRecord* record = nullptr;
};

// The bytes whose SHA-256 the receipt echoes. Of a text: the head, then each part that is no picture,
// ascending by kind, without anything between them. Of a picture: the sealed part.
[[nodiscard]] Bytes payload_of(const SealedRecord& record, ShipmentKind kind);

struct Receipt {
  enum class Outcome {
    accepted,      // stored durably now, hash matches
    duplicate,     // was stored before, hash matches
    text_missing,  // a picture before its text: send the text, then the picture again
    refused,       // will never be taken: dead-letter it
    no_form,       // this profile has no form for it: keep it, and send it where a profile has one
    forbidden,     // not from this device as it is enrolled now: try again later, and raise an alarm
    too_large,     // the batch, or the shipment if it went alone, is larger than the receiver takes
    later,         // try again, not before retry_after if given
    mismatch,      // stored under this key with another hash: quarantine and alarm
  };
  Outcome outcome = Outcome::later;
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  // for a person, never a VRM
};

// A VOI list that the office gives this camera. Not checked beyond its form: the document says what it is,
// signed.
struct ListOffer {
  std::string list;
  std::uint64_t revision = 0;  // the newest
  std::string document;        // what to ask for; empty: that revision is held
  std::uint64_t bytes = 0;     // of the document
  friend bool operator==(const ListOffer&, const ListOffer&) = default;
};

// What the back office has of the queue that a heartbeat names, and for the camera.
struct KnownNumbers {
  QueueUuid queue_uuid{};
  SequenceNumber highest;  // 0: nothing of it
  // Deployment authorities that are newer than the camera's, oldest first; not checked here.
  std::vector<std::string> authorities = {};
  // All VOI lists that the camera is given; nothing: the office does not say.
  std::optional<std::vector<ListOffer>> watch_lists = {};
  // The update that the camera is given, or that it is given none; nothing: the office does not say.
  std::optional<std::optional<UpdateOffer>> update = {};
};

class BackOffice {
 public:
  virtual ~BackOffice() = default;
  // The most that deliver() takes at once, both at least 1; a single shipment may be larger than the bytes.
  struct BatchLimits {
    std::size_t shipments = 1;
    std::size_t bytes = 1;
  };
  [[nodiscard]] virtual BatchLimits limits() const = 0;
  // One receipt a shipment, in the order of the batch, always as many.
  [[nodiscard]] virtual std::vector<Receipt> deliver(std::span<const Shipment> batch) = 0;
  // How the device is: the latest one is kept. Nothing: it was taken, and the office did not say what it has.
  // refused or unavailable; never worth a retry of its own.
  [[nodiscard]] virtual Result<std::optional<KnownNumbers>> heartbeat(const std::string& device_id,
                                                                      std::string_view json) = 0;
  // Whether who gets the heartbeats is who receipts the records.
  [[nodiscard]] virtual bool heartbeats_go_where_records_go() const { return true; }
  // Calls under way and those still to come have to be done by then; what is cut off counts as not delivered.
  virtual void hurry(std::chrono::steady_clock::time_point) {}
};

struct HttpsOptions {
  std::string url;                               // "https://host:port"
  std::filesystem::path ca_certificate;          // PEM: who may call itself the back office
  std::filesystem::path certificate;             // PEM: the camera's
  std::filesystem::path private_key;             // PEM
  std::chrono::milliseconds time_limit{30'000};  // for one batch, from connecting to the answer's last byte
  // What to look at where the other side does not show that it is who it should be.
  std::string where_to_look =
      "upload.url, and that back-office-ca.crt came from the office that enrolled the camera";
};

// The profile "wayside": sealed records over HTTPS (https_api.md): TLS 1.3 or nothing, client certificate,
// this one authority and no other, no redirects, no proxy. An answer that is not exactly as agreed counts as
// none. invalid_input or not_found: the url is no "https://host[:port]", or a file is missing or no PEM. The
// process ignores SIGPIPE: libcurl is told to leave signals alone.
[[nodiscard]] Result<std::unique_ptr<BackOffice>> make_https_back_office(const HttpsOptions& options);

struct MqttOptions {
  enum class Protocol { mqtt_5, mqtt_3_1_1 };
  std::string host;  // of the broker: a name or an address, as its certificate says
  std::uint16_t port = 8883;
  std::string device_id;                 // 16 hex digits: part of every topic, and of the client's id
  std::filesystem::path ca_certificate;  // PEM: who may call itself the broker
  std::filesystem::path certificate;     // PEM: the camera's
  std::filesystem::path private_key;     // PEM
  Protocol protocol = Protocol::mqtt_5;
  std::chrono::milliseconds time_limit{30'000};  // for one batch, from connecting to the last receipt
};

// The profile "mqtt": the same batches through a broker (mqtt_api.md), TLS 1.3 or nothing, client
// certificate, QoS 1. Receipts come from the back office itself; that the broker has a batch says nothing.
// invalid_input or not_found: host or device id are not of their form, or a file is missing or no PEM.
[[nodiscard]] Result<std::unique_ptr<BackOffice>> make_mqtt_back_office(const MqttOptions& options);

}  // namespace wayside
