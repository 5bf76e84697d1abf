#include "wayside/backoffice/store.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "src/backoffice/database.hpp"

namespace wayside::backoffice {

namespace {

constexpr int store_version = 3;

constexpr const char* tables = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS devices (
  device_id TEXT PRIMARY KEY, certificate_sha256 BLOB NOT NULL, enrolled_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, queue_uuid TEXT NOT NULL, number INTEGER NOT NULL,
  document TEXT NOT NULL, sha256 BLOB NOT NULL, received_at INTEGER NOT NULL,
  UNIQUE (device_id, queue_uuid, number)) STRICT;
CREATE INDEX IF NOT EXISTS records_by_time ON records (json_extract(document, '$.time.captured_at'));
CREATE INDEX IF NOT EXISTS gap_records ON records (device_id, queue_uuid, number)
  WHERE json_extract(document, '$.schema') = 'wayside-gap-1';
CREATE TABLE IF NOT EXISTS parts (
  record INTEGER NOT NULL REFERENCES records (id), part TEXT NOT NULL, sha256 BLOB NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (record, part)) STRICT;
CREATE TABLE IF NOT EXISTS heartbeats (
  device_id TEXT PRIMARY KEY, json TEXT NOT NULL, received_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS device_keys (
  device_id TEXT PRIMARY KEY REFERENCES devices (device_id), public_key_sha256 BLOB NOT NULL) STRICT;
PRAGMA user_version = 3;
COMMIT;
)sql";

Result<Sha256> hash_from(ByteView blob) {
  Sha256 hash{};
  if (blob.size() != hash.size())
    return fail(ErrorCode::corrupt, "a stored hash has a wrong size: run check");
  std::copy(blob.begin(), blob.end(), hash.begin());
  return hash;
}

std::int64_t sql_number(std::uint64_t number) {
  assert(number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  return static_cast<std::int64_t>(number);
}

Status for_each_row(Statement& rows, const std::function<Status()>& visit) {
  for (;;) {
    const auto row = rows.step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    if (auto done = visit(); !done) return done;
  }
}

// Columns 0 to 2: device, queue, number.
RecordId id_of(const Statement& row) {
  return {row.text(0), row.text(1), static_cast<std::uint64_t>(row.number(2))};
}

// Then columns 3 to 5: document, its hash, time of receipt. Noughts for a hash of a wrong size.
StoredRecord record_of(const Statement& row) {
  return {id_of(row), row.text(3), hash_from(row.blob(4)).value_or(Sha256{}), {row.number(5)}, {}, {}};
}

std::optional<StoredPart> picture_of(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  const ByteView bytes = row.blob(column);
  return StoredPart{Bytes(bytes.begin(), bytes.end()), hash_from(row.blob(column + 1)).value_or(Sha256{})};
}

// Then columns 6 to 9: each picture and its hash.
StoredRecord whole_record_of(const Statement& row) {
  StoredRecord record = record_of(row);
  record.plate = picture_of(row, 6);
  record.overview = picture_of(row, 8);
  return record;
}

// Of such a row.
Status check_hash_sizes(const Statement& row) {
  for (const int column : {4, 7, 9}) {
    if (row.is_null(column)) continue;
    if (const auto hash = hash_from(row.blob(column)); !hash) return fail(hash.error());
  }
  return {};
}

}  // namespace

std::string_view to_string(Part part) {
  switch (part) {
    case Part::document:
      return "document";
    case Part::plate:
      return "plate";
    case Part::overview:
      return "overview";
  }
  return "unknown";
}

std::optional<Part> part_from(std::string_view name) {
  for (const Part part : {Part::document, Part::plate, Part::overview}) {
    if (name == to_string(part)) return part;
  }
  return std::nullopt;
}

class Store::Implementation {
 public:
  explicit Implementation(Database database) : database_(std::move(database)) {}

  [[nodiscard]] Result<Outcome> look_up(const RecordId& id, Part part, const Sha256& hash) {
    if (part == Part::document) {
      auto found = database_.prepare(
          "SELECT sha256 FROM records WHERE device_id = ? AND queue_uuid = ? AND number = ?");
      found.bind(id.device_id).bind(id.queue_uuid).bind(sql_number(id.number));
      const auto row = found.step();
      if (!row) return fail(row.error());
      return *row ? compare(found.blob(0), hash) : Outcome::accepted;
    }
    auto found = database_.prepare(
        "SELECT p.sha256 FROM records r LEFT JOIN parts p ON p.record = r.id AND p.part = ? "
        "WHERE r.device_id = ? AND r.queue_uuid = ? AND r.number = ?");
    found.bind(to_string(part)).bind(id.device_id).bind(id.queue_uuid).bind(sql_number(id.number));
    const auto row = found.step();
    if (!row) return fail(row.error());
    if (!*row) return Outcome::document_missing;
    return found.is_null(0) ? Outcome::accepted : compare(found.blob(0), hash);
  }

  // Two processes may put at once: the unique key decides, and who loses looks up what has won.
  [[nodiscard]] Result<Outcome> put(const RecordId& id, Part part, ByteView payload, const Sha256& hash,
                                    UtcTime now) {
    const auto before = look_up(id, part, hash);
    if (!before || *before != Outcome::accepted) return before;
    const Status stored = part == Part::document ? insert_document(id, payload, hash, now)
                                                 : insert_picture(id, part, payload, hash);
    if (!stored) return fail(stored.error());
    return database_.changes() == 1 ? Result<Outcome>(Outcome::accepted) : look_up(id, part, hash);
  }

  // Within a transaction of the caller's.
  [[nodiscard]] Result<EarlierKey> enrol(const std::string& device_id, const Sha256& certificate,
                                         const Sha256& key, UtcTime now) {
    auto earlier = compare_key(device_id, key);
    if (!earlier) return earlier;
    const Status enrolled =
        database_
            .prepare(
                "INSERT INTO devices (device_id, certificate_sha256, enrolled_at) VALUES (?, ?, ?) "
                "ON CONFLICT (device_id) DO UPDATE SET certificate_sha256 = excluded.certificate_sha256, "
                "enrolled_at = excluded.enrolled_at")
            .bind(device_id)
            .bind(ByteView(certificate))
            .bind(now.ms)
            .run();
    if (!enrolled) return fail(enrolled.error());
    const Status kept = database_
                            .prepare(
                                "INSERT INTO device_keys (device_id, public_key_sha256) VALUES (?, ?) "
                                "ON CONFLICT (device_id) DO UPDATE SET "
                                "public_key_sha256 = excluded.public_key_sha256")
                            .bind(device_id)
                            .bind(ByteView(key))
                            .run();
    if (!kept) return fail(kept.error());
    return earlier;
  }

  // Whatever other processes write meanwhile.
  [[nodiscard]] Status as_of_one_moment(const std::function<Status()>& read) {
    if (auto begun = database_.run("BEGIN"); !begun) return begun;
    auto done = read();
    const auto ended = database_.run("COMMIT");
    return done ? ended : done;
  }

  std::mutex mutex_;
  Database database_;

 private:
  static Outcome compare(ByteView stored, const Sha256& given) {
    return std::equal(stored.begin(), stored.end(), given.begin(), given.end()) ? Outcome::duplicate
                                                                                : Outcome::mismatch;
  }

  Result<EarlierKey> compare_key(const std::string& device_id, const Sha256& key) {
    auto found = database_.prepare(
        "SELECT k.public_key_sha256 FROM devices d LEFT JOIN device_keys k ON k.device_id = d.device_id "
        "WHERE d.device_id = ?");
    const auto row = found.bind(device_id).step();
    if (!row) return fail(row.error());
    if (!*row) return EarlierKey::none;
    if (found.is_null(0)) return EarlierKey::unknown;
    return compare(found.blob(0), key) == Outcome::duplicate ? EarlierKey::same : EarlierKey::other;
  }

  Status insert_document(const RecordId& id, ByteView payload, const Sha256& hash, UtcTime now) {
    const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
    return database_
        .prepare(
            "INSERT INTO records (device_id, queue_uuid, number, document, sha256, received_at) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(id.device_id)
        .bind(id.queue_uuid)
        .bind(sql_number(id.number))
        .bind(text)
        .bind(ByteView(hash))
        .bind(now.ms)
        .run();
  }

  Status insert_picture(const RecordId& id, Part part, ByteView payload, const Sha256& hash) {
    return database_
        .prepare(
            "INSERT INTO parts (record, part, sha256, bytes) SELECT id, ?, ?, ? FROM records "
            "WHERE device_id = ? AND queue_uuid = ? AND number = ? ON CONFLICT DO NOTHING")
        .bind(to_string(part))
        .bind(ByteView(hash))
        .bind(payload)
        .bind(id.device_id)
        .bind(id.queue_uuid)
        .bind(sql_number(id.number))
        .run();
  }
};

namespace {

Result<std::int64_t> version_of(Database& database) {
  auto version = database.prepare("PRAGMA user_version");
  const auto row = version.step();
  if (!row) return fail(row.error());
  return version.number(0);
}

Error lost(const std::filesystem::path& file, std::string_view how, ErrorCode code) {
  return {code, fmt::format("{} {}: restore it from a backup, or run wayside-backoffice init {} to start an "
                            "empty one (cameras must be enrolled again)",
                            file.string(), how, file.parent_path().string())};
}

Result<Database> open_database(const std::filesystem::path& file, IfMissing missing) {
  const bool must_exist = missing == IfMissing::refuse;
  auto database = Database::open(file, missing);
  if (!database && must_exist && database.error().code == ErrorCode::not_found)
    return fail(lost(file, "is missing", ErrorCode::not_found));
  if (!database) return fail(database.error());
  const auto version = version_of(*database);
  if (!version) return fail(version.error());
  // SQLite takes a file cut down to nothing for a new one.
  if (*version == 0 && must_exist) return fail(lost(file, "holds no store", ErrorCode::corrupt));
  if (*version > store_version) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was written by a newer wayside-backoffice: use that one", file.string()));
  }
  if (const auto set =
          database->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
      !set) {
    return fail(set.error());
  }
  if (*version < store_version) {
    if (const auto made = database->run(tables); !made) return fail(made.error());
  }
  return database;
}

}  // namespace

Store::Store(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file) {
  auto database = open_database(file, IfMissing::make);
  if (!database) return fail(database.error());
  return std::unique_ptr<Store>(new Store(std::make_unique<Implementation>(std::move(*database))));
}

Result<std::unique_ptr<Store>> Store::open_existing(const std::filesystem::path& file) {
  auto database = open_database(file, IfMissing::refuse);
  if (!database) return fail(database.error());
  return std::unique_ptr<Store>(new Store(std::make_unique<Implementation>(std::move(*database))));
}

Result<EarlierKey> Store::enrol(const std::string& device_id, const Sha256& certificate, const Sha256& key,
                                UtcTime now) {
  const std::lock_guard lock(implementation_->mutex_);
  Database& database = implementation_->database_;
  if (const auto begun = database.run("BEGIN IMMEDIATE"); !begun) return fail(begun.error());
  auto earlier = implementation_->enrol(device_id, certificate, key, now);
  const auto ended = database.run(earlier ? "COMMIT" : "ROLLBACK");
  if (!earlier || ended) return earlier;
  static_cast<void>(database.run("ROLLBACK"));  // what could not be committed must not stay open
  return fail(ended.error());
}

Result<bool> Store::is_enrolled(const std::string& device_id, const Sha256& certificate) {
  const std::lock_guard lock(implementation_->mutex_);
  auto found = implementation_->database_.prepare(
      "SELECT 1 FROM devices WHERE device_id = ? AND certificate_sha256 = ?");
  return found.bind(device_id).bind(ByteView(certificate)).step();
}

Result<std::size_t> Store::device_count() {
  const std::lock_guard lock(implementation_->mutex_);
  auto count = implementation_->database_.prepare("SELECT count(*) FROM devices");
  const auto row = count.step();
  if (!row) return fail(row.error());
  return static_cast<std::size_t>(count.number(0));
}

Result<Store::Outcome> Store::put(const RecordId& id, Part part, ByteView payload, const Sha256& hash,
                                  UtcTime now) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->put(id, part, payload, hash, now);
}

Result<Store::Outcome> Store::look_up(const RecordId& id, Part part, const Sha256& hash) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->look_up(id, part, hash);
}

Result<std::string> Store::document(const RecordId& id) {
  const std::lock_guard lock(implementation_->mutex_);
  auto found = implementation_->database_.prepare(
      "SELECT document FROM records WHERE device_id = ? AND queue_uuid = ? AND number = ?");
  const auto row = found.bind(id.device_id).bind(id.queue_uuid).bind(sql_number(id.number)).step();
  if (!row) return fail(row.error());
  if (!*row) return fail(ErrorCode::not_found, "no document is stored under this key");
  return found.text(0);
}

Status Store::put_heartbeat(const std::string& device_id, std::string_view json, UtcTime now) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->database_
      .prepare(
          "INSERT INTO heartbeats (device_id, json, received_at) VALUES (?, ?, ?) "
          "ON CONFLICT (device_id) DO UPDATE SET json = excluded.json, received_at = excluded.received_at")
      .bind(device_id)
      .bind(json)
      .bind(now.ms)
      .run();
}

Result<std::string> Store::heartbeat(const std::string& device_id) {
  const std::lock_guard lock(implementation_->mutex_);
  auto found = implementation_->database_.prepare("SELECT json FROM heartbeats WHERE device_id = ?");
  const auto row = found.bind(device_id).step();
  if (!row) return fail(row.error());
  if (!*row) return fail(ErrorCode::not_found, "this device has sent no heartbeat");
  return found.text(0);
}

Status Store::visit(const Selection& selection, const std::function<Status(const StoredRecord&)>& visit) {
  const std::lock_guard lock(implementation_->mutex_);
  // The newest are picked first, then turned round: a page of passes is read from the oldest to the newest.
  auto rows = implementation_->database_.prepare(
      "SELECT r.device_id, r.queue_uuid, r.number, r.document, r.sha256, r.received_at, "
      "p.bytes, p.sha256, o.bytes, o.sha256 FROM "
      "(SELECT id, json_extract(document, '$.time.captured_at') AS captured FROM records "
      "WHERE json_extract(document, '$.time.captured_at') >= ? ORDER BY captured DESC, id DESC LIMIT ?) AS "
      "chosen "
      "JOIN records r ON r.id = chosen.id "
      "LEFT JOIN parts p ON p.record = r.id AND p.part = 'plate' "
      "LEFT JOIN parts o ON o.record = r.id AND o.part = 'overview' ORDER BY chosen.captured, r.id");
  const std::string since = selection.since ? to_iso8601(*selection.since) : std::string{};
  rows.bind(since).bind(selection.newest ? static_cast<std::int64_t>(*selection.newest) : std::int64_t{-1});
  return for_each_row(rows, [&]() -> Status {
    if (auto sound = check_hash_sizes(rows); !sound) return sound;
    return visit(whole_record_of(rows));
  });
}

Status Store::visit_all(const std::function<Status(const StoredRecord&)>& visit) {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare(
      "SELECT r.device_id, r.queue_uuid, r.number, r.document, r.sha256, r.received_at, "
      "p.bytes, p.sha256, o.bytes, o.sha256 FROM records r "
      "LEFT JOIN parts p ON p.record = r.id AND p.part = 'plate' "
      "LEFT JOIN parts o ON o.record = r.id AND o.part = 'overview' "
      "ORDER BY r.device_id, r.queue_uuid, r.number");
  return for_each_row(rows, [&] { return visit(whole_record_of(rows)); });
}

Status Store::visit_numbers(const std::function<Status(const RecordId&)>& visit_number,
                            const std::function<Status(const StoredRecord&)>& visit_gap_record) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->as_of_one_moment([&]() -> Status {
    auto numbers = implementation_->database_.prepare(
        "SELECT device_id, queue_uuid, number FROM records ORDER BY device_id, queue_uuid, number");
    const auto visited = for_each_row(numbers, [&] { return visit_number(id_of(numbers)); });
    if (!visited) return visited;
    auto gap_records = implementation_->database_.prepare(
        "SELECT device_id, queue_uuid, number, document, sha256, received_at FROM records "
        "WHERE json_extract(document, '$.schema') = 'wayside-gap-1' ORDER BY device_id, queue_uuid, number");
    return for_each_row(gap_records, [&] { return visit_gap_record(record_of(gap_records)); });
  });
}

Status Store::check_file() {
  const std::lock_guard lock(implementation_->mutex_);
  auto check = implementation_->database_.prepare("PRAGMA integrity_check(1)");
  const auto row = check.step();
  if (!row) return fail(row.error());
  if (check.text(0) != "ok") return fail(implementation_->database_.error(SQLITE_CORRUPT));
  return {};
}

}  // namespace wayside::backoffice
