// What the back office has been given, in one SQLite file: enrolled devices and their keys, records,
// pictures, heartbeats. Of a sealed record it keeps the signed head, the key of its full view and the plain
// parts, from which the sealed bytes can be made again: so that it can be shown at any time that they are
// what the device signed.
//
// Threads: every function from any thread; one connection, one lock. Another process may read or enrol
// meanwhile. Ownership: the file belongs to the back office's user, mode 0600. What a function has stored
// survives a power cut once it has returned (write-ahead log, synchronous FULL). Failure: corrupt for a
// damaged file, exhausted for a full disk, unavailable where another process holds it, unsupported for a file
// of another version, else io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/seal/record_parts.hpp"

namespace wayside::backoffice {

// The key under which a record is stored exactly once. A camera gives each number to one record, unless its
// card was put back to an older state: then there are two that the device signed, or more, and all are kept.
struct RecordId {
  std::string device_id;     // 16 hex digits
  std::string queue_uuid;    // 32 hex digits
  std::uint64_t number = 0;  // below 2^63
  std::uint32_t twin = 0;    // of those with this number: the first that came has 0
  friend auto operator<=>(const RecordId&, const RecordId&) = default;
};

inline constexpr std::uint32_t most_twins = 8;  // with the first

// When a capture record was taken by the clock that counts from a start of its camera's system, where the
// other clock was not synchronised; and what a clock record says of the moment when it was, first.
struct UnsureTime {
  std::string boot_id;  // of the start: 32 hex digits
  std::int64_t monotonic_ms = 0;
};
struct Synchronisation {
  std::string boot_id;
  std::int64_t monotonic_ms = 0;
  UtcTime utc;
  std::int64_t max_error_ms = 0;
};

// A record's text as it has been verified and opened.
struct NewText {
  RecordId id;  // twin: the store decides
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  Bytes head;
  Sha256 chain{};                                    // chain_hash() of the head
  Sha256 previous{};                                 // as the head says
  Bytes key;                                         // of the full view, 32 bytes; none of a gap record
  std::string document;                              // none of a gap record
  std::optional<UtcTime> captured_at;                // of a capture record
  std::optional<UnsureTime> unsure = {};             // likewise
  std::optional<Synchronisation> synchronised = {};  // of a clock record
  Bytes gaps;                                        // of a gap record: its list
  Bytes pseudonymous;                                // sealed, as it was sent; empty: the record has none
  Sha256 sha256{};                                   // of the text as it was sent
};

// A picture as it has been verified against its text and opened.
struct NewPicture {
  RecordId id;  // twin: that of the text that names it, found by `chain`
  PartKind kind = PartKind::plate;
  Sha256 chain{};   // of the head that names it
  Sha256 sha256{};  // of the sealed bytes
  Bytes bytes;      // JPEG
};

using NewShipment = std::variant<NewText, NewPicture>;

struct StoredPart {
  Bytes bytes;      // JPEG
  Sha256 sha256{};  // of the sealed bytes, as it was when stored
};

// A time that the store has put right, once, by the first clock record of the camera that could.
struct Redating {
  UtcTime from;                   // what the camera said
  std::int64_t max_error_ms = 0;  // by how much the right one may be wrong
  RecordId by;
  std::string by_document;
};

struct StoredRecord {
  RecordId id;
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  Bytes head;
  Sha256 chain{};
  Sha256 previous{};
  Bytes key;
  std::string document;
  std::optional<UtcTime> captured_at;  // the right one, where it was put right
  std::optional<Redating> redated;     // of what comes with its pictures
  Bytes gaps;
  Bytes pseudonymous;
  Sha256 sha256{};
  UtcTime received_at;
  std::optional<StoredPart> plate;
  std::optional<StoredPart> overview;
  [[nodiscard]] bool complete() const { return plate.has_value() && overview.has_value(); }
};

// What is known of a record that pictures arrive for, or that arrives again.
struct KnownText {
  Bytes head;
  Bytes key;
  std::string document;
  Sha256 sha256{};
  std::optional<Sha256> plate;  // of the sealed bytes; nothing: not stored
  std::optional<Sha256> overview;
  Sha256 chain{};  // of the head
};

// A record's place in its queue's chain.
struct Link {
  RecordId id;
  Sha256 chain{};
  Sha256 previous{};
};

// What the store knows of the public key that a device was enrolled with before.
enum class EarlierKey {
  none,   // the device was not enrolled
  same,   // the same camera, or a copy of its key
  other,  // another camera, or a new key in the same one
};

// Which records, by the time of capture; the oldest of them first.
struct Selection {
  std::optional<UtcTime> since = {};
  std::optional<std::size_t> newest = {};  // only so many, the newest
  bool hits = false;                       // only those that fit an entry of a VOI list
};

class Store {
 public:
  // twin: accepted, beside another text of this number. mismatch: neither is there room for one more, or the
  // picture is another than the one that is stored.
  enum class Outcome { accepted, twin, duplicate, mismatch, text_missing };

  // Makes the file where there is none.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file);
  // Takes only a file that open() has made: not_found, or corrupt where it holds no store at all. A lost file
  // must not be taken for an office that has never had a record.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open_existing(const std::filesystem::path& file);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // A device writes with the one certificate it was last enrolled with: an earlier one is no longer taken.
  // Its keys are kept all: records that it signed before a new key was made still verify.
  [[nodiscard]] Result<EarlierKey> enrol(const std::string& device_id, const Sha256& certificate,
                                         const PublicKey& key, UtcTime now);
  [[nodiscard]] Result<bool> is_enrolled(const std::string& device_id, const Sha256& certificate);
  [[nodiscard]] Result<std::size_t> device_count();

  struct DeviceKey {
    PublicKey key{};  // Ed25519
    UtcTime from;     // when it was first enrolled
  };
  // In the order of their first enrolment; none: the device is not enrolled.
  [[nodiscard]] Result<std::vector<DeviceKey>> device_keys(const std::string& device_id);
  [[nodiscard]] Result<std::map<std::string, std::vector<DeviceKey>>> all_device_keys();
  // When each device was last enrolled.
  [[nodiscard]] Result<std::map<std::string, UtcTime>> enrolments();

  // Nothing where it is not stored.
  [[nodiscard]] Result<std::optional<KnownText>> known(const RecordId& id);
  // Every text of the number, in the order of their twins; the one of `id` does not matter.
  [[nodiscard]] Result<std::vector<KnownText>> known_all(const RecordId& id);
  // Of a queue; 0: nothing of it is stored.
  [[nodiscard]] Result<std::uint64_t> highest_number(const std::string& device_id,
                                                     const std::string& queue_uuid);

  // A capture record of before its camera's clock was synchronised is dated by the camera's clock record of
  // the same start, whichever of the two comes first; the camera's own words stay as they are.
  //
  // Stores them in one transaction, in their order, or says of each why not: all that is accepted is durable
  // when it returns, or on failure nothing is. Safe against the same shipment arriving twice at once.
  [[nodiscard]] Result<std::vector<Outcome>> put(std::span<const NewShipment> shipments, UtcTime now);

  // Keeps the latest.
  [[nodiscard]] Status put_heartbeat(const std::string& device_id, std::string_view json, UtcTime now);
  [[nodiscard]] Result<std::string> heartbeat(const std::string& device_id);  // not_found: none yet
  struct KeptHeartbeat {
    std::string device_id;
    std::string json;  // as it came, unless somebody else wrote it
    UtcTime received_at;
  };
  [[nodiscard]] Result<std::vector<KeptHeartbeat>> heartbeats();

  // Hands over one capture record after the other, as they were when the first was; stops where visit fails.
  // Do not call the store from within visit.
  [[nodiscard]] Status visit(const Selection& selection,
                             const std::function<Status(const StoredRecord&)>& visit);
  // Hands over every record there is, of every type, ascending by device, queue and number. A hash that is
  // stored with a wrong size comes as noughts, which are nothing's hash. As visit() otherwise.
  [[nodiscard]] Status visit_all(const std::function<Status(const StoredRecord&)>& visit);

  // The same without the pictures.
  [[nodiscard]] Status visit_heads(const std::function<Status(const StoredRecord&)>& visit);

  // Hands over every gap and coverage record without pictures, then the link of every record, both ascending
  // by device, queue and number: all as it was at one moment. As visit() otherwise.
  [[nodiscard]] Status visit_links(const std::function<Status(const StoredRecord&)>& visit_book,
                                   const std::function<Status(const Link&)>& visit_link);

  // Hands over every record of one type, ascending by device, queue and number. As visit()
  // otherwise.
  [[nodiscard]] Status visit_type(RecordType type, const std::function<Status(const StoredRecord&)>& visit);

  // SQLite's own check of the whole file.
  [[nodiscard]] Status check_file();

 private:
  class Implementation;
  explicit Store(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace wayside::backoffice
