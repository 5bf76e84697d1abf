// SQLite as values and Results: a connection and its statements.
//
// Threads: one at a time; the caller locks. Bound values must live until the statement has been stepped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::backoffice {

class Database;

class Statement {
 public:
  // As it was prepared; what it read is let go.
  void reset();

  // In the order of the question marks. An empty blob is stored as NULL.
  Statement& bind(std::string_view text);
  Statement& bind(ByteView blob);
  Statement& bind(std::int64_t number);
  Statement& bind(std::optional<std::int64_t> number);

  [[nodiscard]] Result<bool> step();  // true: there is a row
  [[nodiscard]] Status run();         // for statements that give no row

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] ByteView blob(int column) const;  // until the next step
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Release {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(Database& database, sqlite3_stmt* statement, int failed)
      : database_(&database), statement_(statement), prepared_(failed), failed_(failed) {}
  void keep(int code) {
    if (failed_ == SQLITE_OK) failed_ = code;
  }
  Database* database_;
  std::unique_ptr<sqlite3_stmt, Release> statement_;
  int prepared_;
  int failed_;  // of preparing or binding; step() reports it
  int bound_ = 0;
};

// A statement that is kept for the next time. One that is not reset would hold its reader's view of the file.
class InUse {
 public:
  explicit InUse(Statement& statement) : statement_(statement) {}
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { statement_.reset(); }
  Statement* operator->() { return &statement_; }
  Statement& operator*() { return statement_; }

 private:
  Statement& statement_;
};

enum class IfMissing { make, refuse };

class Database {
 public:
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, IfMissing missing);

  [[nodiscard]] Statement prepare(std::string_view sql);
  // Prepared once and kept; one user at a time of each. `sql` is a literal: its place names it.
  [[nodiscard]] InUse kept(const char* sql);
  [[nodiscard]] Status run(const char* sql);  // any number of statements
  [[nodiscard]] int changes() const { return sqlite3_changes(connection_.get()); }
  // Of the last row that was inserted.
  [[nodiscard]] std::int64_t last_row() const { return sqlite3_last_insert_rowid(connection_.get()); }
  [[nodiscard]] Error error(int code) const;

 private:
  struct Release {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  Database(std::filesystem::path file, sqlite3* connection)
      : file_(std::move(file)), connection_(connection) {}
  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Release> connection_;
  std::map<const char*, Statement> kept_;  // goes before the connection
};

}  // namespace wayside::backoffice
