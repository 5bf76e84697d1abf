// The receiver of records, as the uploader sees it.
//
// Threads: deliver() from one thread; heartbeat() from one other at the same time. Failure: every outcome is
// a value; see Receipt.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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
    accepted,          // stored durably now, hash matches
    duplicate,         // was stored before, hash matches
    document_missing,  // a picture before its document: send the document, then the picture again
    refused,           // will never be taken: dead-letter it
    forbidden,         // not from this device as it is enrolled now: try again later, and raise an alarm
    later,             // try again, not before retry_after if given
    mismatch,          // stored under this key with another hash: quarantine and alarm
  };
  Outcome outcome = Outcome::later;
  std::optional<std::chrono::seconds> retry_after;
  std::string reason;  // for a person, never a VRM
};

class BackOffice {
 public:
  virtual ~BackOffice() = default;
  [[nodiscard]] virtual Receipt deliver(const RecordKey& key, PartKind part, ByteView payload) = 0;
  // How the device is: the latest one is kept (https_api.md). refused or unavailable; never worth a retry of
  // its own.
  [[nodiscard]] virtual Status heartbeat(const std::string& device_id, std::string_view json) = 0;
  // Calls under way and those still to come have to be done by then; a part that is cut off counts as not
  // delivered. From any thread.
  virtual void hurry(std::chrono::steady_clock::time_point) {}
};

struct HttpsOptions {
  std::string url;                               // "https://host:port"
  std::filesystem::path ca_certificate;          // PEM: who may call itself the back office
  std::filesystem::path certificate;             // PEM: the camera's
  std::filesystem::path private_key;             // PEM
  std::chrono::milliseconds time_limit{30'000};  // for one part, from connecting to the answer's last byte
};

// JSON and pictures over HTTPS (https_api.md): TLS 1.3 or nothing, client certificate, this one authority and
// no other, no redirects, no proxy. An answer that is not exactly as agreed counts as none. invalid_input or
// not_found: the url is no "https://host[:port]", or a file is missing or no PEM.
// The process ignores SIGPIPE: libcurl is told to leave signals alone.
[[nodiscard]] Result<std::unique_ptr<BackOffice>> make_https_back_office(const HttpsOptions& options);

}  // namespace wayside
