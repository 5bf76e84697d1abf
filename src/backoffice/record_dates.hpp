// The store's book of times: which records wait to be dated, and what dates them.
//
// Threads: one at a time, as the database's; within a transaction of the caller's. Failure: as the store.
#pragma once

#include "wayside/backoffice/store.hpp"

#include "src/backoffice/database.hpp"
#include "src/backoffice/dating.hpp"

namespace wayside::backoffice {

class RecordDates {
 public:
  explicit RecordDates(Database& database) : database_(database) {}

  // A capture record of before the clock was synchronised, new in the table `records`: dates it, where what
  // dates it is there; of several the nearest.
  [[nodiscard]] Status add(std::int64_t record, const std::string& device_id, UtcTime said,
                           const UnsureTime& taken);
  // A clock record, new there: dates every record that waits for it.
  [[nodiscard]] Status add(std::int64_t record, const std::string& device_id, const Synchronisation& by);
  // Every record that is there, in a store that had no such book.
  [[nodiscard]] Status add_all();

 private:
  [[nodiscard]] Status date(std::int64_t record, const Redated& redated, std::int64_t by);
  Database& database_;
};

}  // namespace wayside::backoffice
