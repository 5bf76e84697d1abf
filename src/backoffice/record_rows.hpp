// Rows of the store as records.
//
// Threads: one at a time, as the statement's. Columns are counted from 0.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "wayside/backoffice/store.hpp"

#include "src/backoffice/database.hpp"

namespace wayside::backoffice {

// The columns that record_of() reads, of a table r.
inline constexpr std::string_view record_sql =
    "r.device_id, r.queue_uuid, r.number, r.twin, r.type, r.class, r.head, r.chain, r.previous, "
    "r.record_key, r.document, r.captured_at, r.gaps, r.pseudonymous, r.sha256, r.received_at";
// Those that whole_record_of() reads behind them, and what joins their tables.
inline constexpr std::string_view whole_sql =
    "p.bytes, p.sha256, o.bytes, o.sha256, u.said_at, u.max_error_ms, c.device_id, c.queue_uuid, c.number, "
    "c.twin, c.document";
inline constexpr std::string_view join_whole_sql =
    "LEFT JOIN parts p ON p.record = r.id AND p.part = 1 LEFT JOIN parts o ON o.record = r.id AND o.part = 2 "
    "LEFT JOIN unsynchronised u ON u.record = r.id LEFT JOIN records c ON c.id = u.dated_by";

// A hash of a wrong size comes as noughts, which are nothing's hash.
[[nodiscard]] StoredRecord record_of(const Statement& row);
[[nodiscard]] StoredRecord whole_record_of(const Statement& row);
// Of a row of whole_record_of(): corrupt where a hash has a wrong size.
[[nodiscard]] Status check_hash_sizes(const Statement& row);

// Columns 0 to 3: device, queue, number, twin.
[[nodiscard]] RecordId id_of(const Statement& row);
[[nodiscard]] Bytes bytes_of(const Statement& row, int column);
[[nodiscard]] Sha256 hash_or_noughts(const Statement& row, int column);

// number: below 2^63.
[[nodiscard]] std::int64_t sql_number(std::uint64_t number);
// Stops where visit fails.
[[nodiscard]] Status for_each_row(Statement& rows, const std::function<Status()>& visit);

}  // namespace wayside::backoffice
