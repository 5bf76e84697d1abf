#include "src/backoffice/record_rows.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>

namespace wayside::backoffice {

namespace {

// What more a row has begins at the column after record_of()'s.
constexpr int record_columns = 16;
constexpr int dating_column = record_columns + 4;
constexpr int chain_column = 7;
constexpr int previous_column = 8;
constexpr int sha256_column = 14;
static_assert(static_cast<int>(PartKind::plate) == 1 && static_cast<int>(PartKind::overview) == 2);

Result<Sha256> hash_from(ByteView blob) {
  Sha256 hash{};
  if (blob.size() != hash.size())
    return fail(ErrorCode::corrupt, "a stored hash has a wrong size: run check");
  std::copy(blob.begin(), blob.end(), hash.begin());
  return hash;
}

RecordId id_from(const Statement& row, int column) {
  return {row.text(column), row.text(column + 1), static_cast<std::uint64_t>(row.number(column + 2)),
          static_cast<std::uint32_t>(row.number(column + 3))};
}

std::optional<StoredPart> picture_of(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return StoredPart{bytes_of(row, column), hash_or_noughts(row, column + 1)};
}

}  // namespace

StoredRecord record_of(const Statement& row) {
  StoredRecord record;
  record.id = id_of(row);
  record.type = static_cast<RecordType>(row.number(4));
  record.record_class = static_cast<RecordClass>(row.number(5));
  record.head = bytes_of(row, 6);
  record.chain = hash_or_noughts(row, chain_column);
  record.previous = hash_or_noughts(row, previous_column);
  record.key = bytes_of(row, 9);
  record.document = row.text(10);
  if (!row.is_null(11)) record.captured_at = UtcTime{row.number(11)};
  record.gaps = bytes_of(row, 12);
  record.pseudonymous = bytes_of(row, 13);
  record.sha256 = hash_or_noughts(row, sha256_column);
  record.received_at = {row.number(15)};
  return record;
}

StoredRecord whole_record_of(const Statement& row) {
  StoredRecord record = record_of(row);
  record.plate = picture_of(row, record_columns);
  record.overview = picture_of(row, record_columns + 2);
  if (!row.is_null(dating_column + 2)) {
    record.redated = Redating{{row.number(dating_column)},
                              row.number(dating_column + 1),
                              id_from(row, dating_column + 2),
                              row.text(dating_column + 6)};
  }
  return record;
}

Status check_hash_sizes(const Statement& row) {
  for (const int column :
       {chain_column, previous_column, sha256_column, record_columns + 1, record_columns + 3}) {
    if (row.is_null(column)) continue;
    if (const auto hash = hash_from(row.blob(column)); !hash) return fail(hash.error());
  }
  return {};
}

RecordId id_of(const Statement& row) {
  return id_from(row, 0);
}

Bytes bytes_of(const Statement& row, int column) {
  const ByteView bytes = row.blob(column);
  return {bytes.begin(), bytes.end()};
}

Sha256 hash_or_noughts(const Statement& row, int column) {
  return hash_from(row.blob(column)).value_or(Sha256{});
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

}  // namespace wayside::backoffice
