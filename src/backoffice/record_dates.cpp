#include "src/backoffice/record_dates.hpp"

#include <utility>
#include <vector>

#include "src/backoffice/record_rows.hpp"

namespace wayside::backoffice {

Status RecordDates::add(std::int64_t record, const std::string& device_id, UtcTime said,
                        const UnsureTime& taken) {
  auto insert = database_.kept(
      "INSERT INTO unsynchronised (record, device_id, boot_id, monotonic_ms, said_at) VALUES (?, ?, ?, ?, "
      "?)");
  insert->bind(record).bind(device_id).bind(taken.boot_id).bind(taken.monotonic_ms).bind(said.ms);
  if (auto kept = insert->run(); !kept) return kept;
  auto nearest = database_.kept(
      "SELECT record, monotonic_ms, utc, max_error_ms FROM synchronisations WHERE device_id = ? AND "
      "boot_id = ? AND monotonic_ms >= ? ORDER BY monotonic_ms, record LIMIT 1");
  const auto found = nearest->bind(device_id).bind(taken.boot_id).bind(taken.monotonic_ms).step();
  if (!found) return fail(found.error());
  if (!*found) return {};
  const std::int64_t by = nearest->number(0);
  const auto redated =
      dated(taken, {taken.boot_id, nearest->number(1), UtcTime{nearest->number(2)}, nearest->number(3)});
  return redated ? date(record, *redated, by) : Status{};
}

Status RecordDates::add(std::int64_t record, const std::string& device_id, const Synchronisation& by) {
  auto insert = database_.kept(
      "INSERT INTO synchronisations (record, device_id, boot_id, monotonic_ms, utc, max_error_ms) "
      "VALUES (?, ?, ?, ?, ?, ?)");
  insert->bind(record).bind(device_id).bind(by.boot_id).bind(by.monotonic_ms).bind(by.utc.ms);
  if (auto kept = insert->bind(by.max_error_ms).run(); !kept) return kept;
  // All of them first: dating one takes it from what is being read.
  std::vector<std::pair<std::int64_t, Redated>> waiting;
  auto rows = database_.kept(
      "SELECT record, monotonic_ms FROM unsynchronised WHERE device_id = ? AND boot_id = ? AND "
      "monotonic_ms <= ? AND dated_by IS NULL");
  rows->bind(device_id).bind(by.boot_id).bind(by.monotonic_ms);
  const Status read = for_each_row(*rows, [&]() -> Status {
    if (const auto redated = dated({by.boot_id, rows->number(1)}, by))
      waiting.emplace_back(rows->number(0), *redated);
    return {};
  });
  if (!read) return read;
  for (const auto& [waiting_record, redated] : waiting) {
    if (auto done = date(waiting_record, redated, record); !done) return done;
  }
  return {};
}

Status RecordDates::date(std::int64_t record, const Redated& redated, std::int64_t by) {
  auto mark = database_.kept(
      "UPDATE unsynchronised SET max_error_ms = ?, dated_by = ? WHERE record = ? AND dated_by IS NULL");
  if (auto marked = mark->bind(redated.max_error_ms).bind(by).bind(record).run(); !marked) return marked;
  auto move = database_.kept("UPDATE records SET captured_at = ? WHERE id = ?");
  return move->bind(redated.utc.ms).bind(record).run();
}

Status RecordDates::add_all() {
  struct Found {
    std::int64_t record = 0;
    std::string device_id;
    UtcTime said;
    std::optional<UnsureTime> unsure;
    std::optional<Synchronisation> synchronised;
  };
  std::vector<Found> all;
  auto rows = database_.prepare(
      "SELECT id, device_id, captured_at, type, document FROM records WHERE type IN (1, 4)");
  const Status read = for_each_row(rows, [&]() -> Status {
    Found found{rows.number(0), rows.text(1), {rows.number(2)}, {}, {}};
    if (static_cast<RecordType>(rows.number(3)) == RecordType::capture) {
      found.unsure = unsure_time_of(rows.text(4));
    } else {
      found.synchronised = synchronisation_of(rows.text(4));
    }
    if (found.unsure || found.synchronised) all.push_back(std::move(found));
    return {};
  });
  if (!read) return read;
  for (const Found& found : all) {
    const Status added = found.unsure ? add(found.record, found.device_id, found.said, *found.unsure)
                                      : add(found.record, found.device_id, *found.synchronised);
    if (!added) return added;
  }
  return {};
}

}  // namespace wayside::backoffice
