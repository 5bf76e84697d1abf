// The receiver of records, as the uploader sees it.
//
// Threads: one uploader thread a BackOffice. Failure: every outcome is a value; see Receipt.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/delivery/queue/record_queue.hpp"

namespace wayside {

// The key under which a part is stored exactly once.
struct RecordKey {
  std::string device_id;
  std::string queue_uuid;
  SequenceNumber number;
};

struct Receipt {
  enum class Outcome {
    accepted,     // stored durably now, hash matches
    duplicate,    // was stored before, hash matches
    refused,      // will never be taken: dead-letter it
    later,        // try again, not before retry_after if given
    mismatch,     // stored under this key with another hash: quarantine and alarm
  };
  Outcome outcome = Outcome::later;
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  // for a person, never a VRM
};

class BackOffice {
 public:
  virtual ~BackOffice() = default;
  [[nodiscard]] virtual Receipt deliver(const RecordKey& key, PartKind part, ByteView payload) = 0;
};

struct HttpsOptions {
  std::string url;                        // "https://host:port"
  std::filesystem::path ca_certificate;   // PEM: who may call itself the back office
  std::filesystem::path certificate;      // PEM: the camera's
  std::filesystem::path private_key;      // PEM
  std::chrono::seconds time_limit{30};
};

// JSON and pictures over HTTPS, TLS 1.3 only, client certificate. Fails where a file is missing or no PEM.
[[nodiscard]] Result<std::unique_ptr<BackOffice>> make_https_back_office(const HttpsOptions& options);

}  // namespace wayside
