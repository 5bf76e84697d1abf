#include "src/backoffice/store_file.hpp"

#include <string_view>

#include <fmt/format.h>

#include "src/backoffice/record_dates.hpp"

namespace wayside::backoffice {

namespace {

constexpr int store_version = 6;
constexpr int version_without_dates = 5;

constexpr const char* tables = R"sql(
CREATE TABLE IF NOT EXISTS devices (
  device_id TEXT PRIMARY KEY, certificate_sha256 BLOB NOT NULL, public_key BLOB NOT NULL,
  enrolled_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS device_keys (
  id INTEGER PRIMARY KEY, device_id TEXT NOT NULL REFERENCES devices (device_id), public_key BLOB NOT NULL,
  enrolled_from INTEGER NOT NULL, UNIQUE (device_id, public_key)) STRICT;
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, queue_uuid TEXT NOT NULL, number INTEGER NOT NULL,
  twin INTEGER NOT NULL, type INTEGER NOT NULL, class INTEGER NOT NULL, head BLOB NOT NULL, chain BLOB NOT NULL, previous BLOB NOT NULL,
  record_key BLOB, document TEXT NOT NULL, captured_at INTEGER, gaps BLOB, pseudonymous BLOB,
  sha256 BLOB NOT NULL, received_at INTEGER NOT NULL,
  UNIQUE (device_id, queue_uuid, number, twin)) STRICT;
CREATE INDEX IF NOT EXISTS records_by_time ON records (captured_at) WHERE type = 1;
CREATE INDEX IF NOT EXISTS books ON records (device_id, queue_uuid, number, twin) WHERE type IN (2, 3);
CREATE INDEX IF NOT EXISTS links ON records (device_id, queue_uuid, number, twin, chain, previous);
CREATE TABLE IF NOT EXISTS parts (
  record INTEGER NOT NULL REFERENCES records (id), part INTEGER NOT NULL, sha256 BLOB NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (record, part)) STRICT;
CREATE TABLE IF NOT EXISTS heartbeats (
  device_id TEXT PRIMARY KEY, json TEXT NOT NULL, received_at INTEGER NOT NULL) STRICT;
)sql";

// Since version 6: capture records whose camera's clock was not synchronised, and what dates them.
constexpr const char* tables_of_dates = R"sql(
CREATE TABLE IF NOT EXISTS unsynchronised (
  record INTEGER PRIMARY KEY REFERENCES records (id), device_id TEXT NOT NULL, boot_id TEXT NOT NULL, monotonic_ms INTEGER NOT NULL,
  said_at INTEGER NOT NULL, max_error_ms INTEGER, dated_by INTEGER REFERENCES records (id)) STRICT;
CREATE INDEX IF NOT EXISTS undated ON unsynchronised (device_id, boot_id, monotonic_ms) WHERE dated_by IS NULL;
CREATE TABLE IF NOT EXISTS synchronisations (
  record INTEGER PRIMARY KEY REFERENCES records (id), device_id TEXT NOT NULL, boot_id TEXT NOT NULL, monotonic_ms INTEGER NOT NULL,
  utc INTEGER NOT NULL, max_error_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS synchronisations_by_time ON synchronisations (device_id, boot_id, monotonic_ms);
PRAGMA user_version = 6;
)sql";

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

// All of it, or on failure nothing. Another process may have done it meanwhile.
Status bring_up_to_date(Database& database) {
  if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  const auto done = [&]() -> Status {
    const auto version = version_of(database);
    if (!version) return fail(version.error());
    if (*version == store_version) return {};
    if (*version == 0) {
      if (auto made = database.run(tables); !made) return made;
    }
    if (auto made = database.run(tables_of_dates); !made) return made;
    return RecordDates(database).add_all();
  };
  Status made = done();
  if (made) made = database.run("COMMIT");
  if (!made) static_cast<void>(database.run("ROLLBACK"));
  return made;
}

}  // namespace

Result<Database> open_store_file(const std::filesystem::path& file, IfMissing missing) {
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
  if (*version > 0 && *version < version_without_dates) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was written by an earlier wayside-backoffice, which kept records in another "
                            "form: read it with that one; to begin anew, move it away and run "
                            "wayside-backoffice init {} (cameras must be enrolled again)",
                            file.string(), file.parent_path().string()));
  }
  if (const auto set =
          database->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
      !set) {
    return fail(set.error());
  }
  if (*version < store_version) {
    if (const auto made = bring_up_to_date(*database); !made) return fail(made.error());
  }
  return database;
}

}  // namespace wayside::backoffice
