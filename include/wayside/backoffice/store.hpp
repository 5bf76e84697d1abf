// What the back office has been given, in one SQLite file: enrolled devices, records, pictures, heartbeats.
//
// Threads: every function from any thread; one connection, one lock. Another process may read or enrol
// meanwhile. Ownership: the file belongs to the back office's user, mode 0600. What a function has stored
// survives a power cut once it has returned (write-ahead log, synchronous FULL). Failure: corrupt for a
// damaged file, exhausted for a full disk, unavailable where another process holds it, else io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

enum class Part { document, plate, overview };
[[nodiscard]] std::string_view to_string(Part part);
[[nodiscard]] std::optional<Part> part_from(std::string_view name);

// The key under which a record is stored exactly once.
struct RecordId {
  std::string device_id;     // 16 hex digits
  std::string queue_uuid;    // 32 hex digits
  std::uint64_t number = 0;  // below 2^63
};

struct StoredPart {
  Bytes bytes;
  Sha256 sha256{};  // as it was when stored
};

struct StoredRecord {
  RecordId id;
  std::string document;
  Sha256 document_sha256{};
  UtcTime received_at;
  std::optional<StoredPart> plate;
  std::optional<StoredPart> overview;
  [[nodiscard]] bool complete() const { return plate.has_value() && overview.has_value(); }
};

// What the store knows of the public key that a device was enrolled with before.
enum class EarlierKey {
  none,     // the device was not enrolled
  same,     // the same camera, or a copy of its key
  other,    // another camera, or a new key in the same one
  unknown,  // it was enrolled by a version that kept no key's hash
};

// Which records, by the time of capture; the oldest of them first.
struct Selection {
  std::optional<UtcTime> since = {};
  std::optional<std::size_t> newest = {};  // only so many, the newest
};

class Store {
 public:
  enum class Outcome { accepted, duplicate, mismatch, document_missing };

  // Makes the file where there is none.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file);
  // Takes only a file that open() has made: not_found, or corrupt where it holds no store at all. A lost file
  // must not be taken for an office that has never had a record.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open_existing(const std::filesystem::path& file);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // A device writes with the one certificate it was last enrolled with: an earlier one is no longer taken.
  // `key` is the hash of its public key, kept to tell a renewed certificate from another camera's.
  [[nodiscard]] Result<EarlierKey> enrol(const std::string& device_id, const Sha256& certificate,
                                         const Sha256& key, UtcTime now);
  [[nodiscard]] Result<bool> is_enrolled(const std::string& device_id, const Sha256& certificate);
  [[nodiscard]] Result<std::size_t> device_count();

  // Stores the part, or says why not; safe against the same part arriving twice at once. The document must be
  // valid JSON: a capture record with time.captured_at in it, or a gap record (schema "wayside-gap-1");
  // pictures must not be a gap record's.
  [[nodiscard]] Result<Outcome> put(const RecordId& id, Part part, ByteView payload, const Sha256& hash,
                                    UtcTime now);
  // What put() would answer, without storing.
  [[nodiscard]] Result<Outcome> look_up(const RecordId& id, Part part, const Sha256& hash);
  // not_found where it is not stored.
  [[nodiscard]] Result<std::string> document(const RecordId& id);

  // Keeps the latest.
  [[nodiscard]] Status put_heartbeat(const std::string& device_id, std::string_view json, UtcTime now);
  [[nodiscard]] Result<std::string> heartbeat(const std::string& device_id);  // not_found: none yet

  // Hands over one capture record after the other, as they were when the first was; stops where visit fails.
  // Do not call the store from within visit.
  [[nodiscard]] Status visit(const Selection& selection,
                             const std::function<Status(const StoredRecord&)>& visit);
  // Hands over every record there is, captures and gap records alike, ascending by device, queue and number,
  // whatever its document says: visit() passes over a document that has lost its time of capture. A hash that
  // is stored with a wrong size comes as noughts, which are nothing's hash. As visit() otherwise.
  [[nodiscard]] Status visit_all(const std::function<Status(const StoredRecord&)>& visit);

  // Hands over the key of every record, captures and gap records alike, ascending by device, queue and
  // number, then every gap record whole: all as it was at one moment. As visit() otherwise.
  [[nodiscard]] Status visit_numbers(const std::function<Status(const RecordId&)>& visit_number,
                                     const std::function<Status(const StoredRecord&)>& visit_gap_record);

  // SQLite's own check of the whole file.
  [[nodiscard]] Status check_file();

 private:
  class Implementation;
  explicit Store(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace wayside::backoffice
