#include "src/backoffice/database.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace wayside::backoffice {

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  failed_ = prepared_;
  bound_ = 0;
}

Statement& Statement::bind(std::string_view text) {
  keep(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(ByteView blob) {
  keep(sqlite3_bind_blob64(statement_.get(), ++bound_, blob.data(), blob.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  keep(sqlite3_bind_int64(statement_.get(), ++bound_, number));
  return *this;
}

Statement& Statement::bind(std::optional<std::int64_t> number) {
  keep(number ? sqlite3_bind_int64(statement_.get(), ++bound_, *number)
              : sqlite3_bind_null(statement_.get(), ++bound_));
  return *this;
}

Result<bool> Statement::step() {
  if (failed_ != SQLITE_OK) return fail(database_->error(failed_));
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(database_->error(code));
}

Status Statement::run() {
  const auto row = step();
  if (!row) return fail(row.error());
  return {};
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const ByteView bytes = blob(column);
  return {bytes.begin(), bytes.end()};
}

ByteView Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::filesystem::path& file, IfMissing missing) {
  // SQLite would make it readable for others; the write-ahead log takes the mode of this file.
  const int create = missing == IfMissing::make ? O_CREAT : 0;
  const int made = ::open(file.c_str(), O_RDWR | create | O_CLOEXEC, 0600);
  if (made < 0) {
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  }
  ::close(made);
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(file, connection);
  if (code != SQLITE_OK) return fail(database.error(code));
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, 5000);
  return database;
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  return {*this, statement, code};
}

InUse Database::kept(const char* sql) {
  auto found = kept_.find(sql);
  // What could not be prepared, as while another process held the file, is tried again.
  if (found != kept_.end() && found->second.prepared_ != SQLITE_OK) {
    kept_.erase(found);
    found = kept_.end();
  }
  if (found == kept_.end()) found = kept_.emplace(sql, prepare(sql)).first;
  return InUse(found->second);
}

Status Database::run(const char* sql) {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(code));
  return {};
}

namespace {

bool is_full(const std::filesystem::path& folder) {
  constexpr std::uintmax_t least = 64 * 1024;
  std::error_code failed;
  const auto space = std::filesystem::space(folder.empty() ? "." : folder, failed);
  return !failed && space.available < least;
}

}  // namespace

// SQLite's message may quote what was stored; the text of the code never does.
Error Database::error(int code) const {
  const std::string name = file_.string();
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::corrupt,
              fmt::format("{0} is damaged: restore it from a backup, without the {0}-wal and {0}-shm that "
                          "lie beside it, or move all three away and run wayside-backoffice init to start an "
                          "empty one (cameras must be enrolled again)",
                          name)};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      // That the files beside it could not be made is told as any other fault of the disk.
      if (!is_full(file_.parent_path()))
        return {ErrorCode::io, fmt::format("cannot use {}: {}", name, sqlite3_errstr(code))};
      [[fallthrough]];
    case SQLITE_FULL:
      return {ErrorCode::exhausted, fmt::format("no room on the disk of {}: free some", name)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable, fmt::format("{} is in use by another process: try again", name)};
    default:
      return {ErrorCode::io, fmt::format("cannot use {}: {}", name, sqlite3_errstr(code))};
  }
}

}  // namespace wayside::backoffice
