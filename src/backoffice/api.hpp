// The interfaces of https_api.md and mqtt_api.md without the network: who asks, for what, with which bytes,
// and the answer.
//
// Threads: any number at once; the store does its own locking. Ownership: store, keys, authorities,
// lists, updates and the revoked must outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/issued_authorities.hpp"
#include "wayside/backoffice/revocation.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/backoffice/updates.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

#include "src/backoffice/office_keys.hpp"
#include "src/backoffice/receiver.hpp"

namespace wayside::backoffice {

// "/v2/batches/{device_id}", "/v1/heartbeats/{device_id}", "/v2/unlock/{device_id}",
// "/v1/watchlists/{device_id}/key", "/v1/watchlists/{device_id}/{list}/{document}/{from}" or
// "/v1/updates/{device_id}/{sha256}/{from}"; nothing for any other path.
struct Target {
  enum class What { batch, heartbeat, unlock, list_key, list_piece, update_piece };
  What what = What::batch;
  std::string device_id;
  std::string list = {};      // of list_piece
  std::string document = {};  // of list_piece; of update_piece: the bundle's SHA-256
  std::uint64_t from = 0;     // of a piece

  [[nodiscard]] std::string_view method() const;
  [[nodiscard]] bool has_body() const { return what != What::list_piece && what != What::update_piece; }
  [[nodiscard]] std::string_view content_type() const;
  [[nodiscard]] std::size_t limit_bytes() const;  // of the body
};
[[nodiscard]] std::optional<Target> target_from(std::string_view path);
// "wayside/v2/{device_id}/batch" or "wayside/v2/{device_id}/heartbeat".
[[nodiscard]] std::optional<Target> target_from_topic(std::string_view topic);

// Who asks, as the verified client certificate says.
struct Peer {
  std::string common_name;
  Sha256 certificate{};
};

struct Answer {
  int status = 500;
  std::string body = {};  // JSON, empty for 204
  std::optional<std::chrono::seconds> retry_after = {};
  std::string content_type = "application/json";
};

class Api {
 public:
  Api(Store& store, OfficeKeys& keys, IssuedAuthorities& authorities, const GivenLists& lists,
      const Updates& updates, const RevokedCameras& revoked,
      std::function<void(const std::string& document)> on_record)
      : store_(store),
        authorities_(authorities),
        lists_(lists),
        updates_(updates),
        revoked_(revoked),
        receiver_(store, keys),
        on_record_(std::move(on_record)) {}

  // Nothing: may go on.
  [[nodiscard]] std::optional<Answer> refuse_peer(const Target& target, const Peer& peer);

  // A batch or a heartbeat.
  [[nodiscard]] Answer take(const Target& target, const std::string& body, UtcTime now);
  // Lends the keys of the folder (unlock_keys.hpp) to a peer who was not refused.
  [[nodiscard]] static Answer unlock(const std::filesystem::path& folder, const Peer& peer,
                                     const std::string& body, UtcTime now);

  // A VOI list's key or a piece of a list, to a peer who was not refused.
  [[nodiscard]] Answer watch_list(const Target& target, const Peer& peer, const std::string& body,
                                  UtcTime now) const;
  // A piece of an update's bundle, likewise.
  [[nodiscard]] Answer update(const Target& target, const Peer& peer, UtcTime now);

  // Over MQTT, where only the broker has seen a certificate. The message of receipts, once all that it
  // accepts is durable; the answer to a heartbeat, empty where it names no queue. Where it fails nothing may
  // be answered: the camera sends it again. invalid_input: no batch or no heartbeat; refused: no such device
  // is enrolled; else the store's failure.
  [[nodiscard]] Result<std::string> take_message(const Target& target, ByteView payload, UtcTime now);

  static Answer answer(int status, std::string_view outcome, std::string_view reason);

 private:
  Answer take_batch(const std::string& device_id, const std::string& body, UtcTime now);
  Result<std::vector<Receipt>> store_batch(const std::string& device_id,
                                           std::span<const ReceivedShipment> batch, UtcTime now);
  Answer take_heartbeat(const std::string& device_id, const std::string& body, UtcTime now);
  // The answer; empty where the heartbeat names no queue.
  Result<std::string> keep_heartbeat(const std::string& device_id, const std::string& heartbeat, UtcTime now);

  void add_authorities(const std::string& device_id, const std::string& heartbeat, nlohmann::json& answer);

  void add_watch_lists(const std::string& device_id, const std::string& heartbeat,
                       nlohmann::json& answer) const;
  void add_update(const std::string& device_id, const std::string& heartbeat, nlohmann::json& answer) const;

  Store& store_;
  IssuedAuthorities& authorities_;
  const GivenLists& lists_;
  const Updates& updates_;
  const RevokedCameras& revoked_;
  Receiver receiver_;
  std::function<void(const std::string&)> on_record_;
  std::mutex on_record_mutex_;
};

}  // namespace wayside::backoffice
