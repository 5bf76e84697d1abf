#include "wayside/backoffice/store.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "src/backoffice/database.hpp"
#include "src/backoffice/record_dates.hpp"
#include "src/backoffice/record_rows.hpp"
#include "src/backoffice/store_file.hpp"

namespace wayside::backoffice {

class Store::Implementation {
 public:
  explicit Implementation(Database database) : database_(std::move(database)) {}

  [[nodiscard]] Result<std::vector<KnownText>> known_all(const RecordId& id) {
    auto rows = database_.kept(
        "SELECT r.head, r.record_key, r.document, r.sha256, p.sha256, o.sha256, r.chain FROM records r "
        "LEFT JOIN parts p ON p.record = r.id AND p.part = 1 "
        "LEFT JOIN parts o ON o.record = r.id AND o.part = 2 WHERE r.device_id = ? AND r.queue_uuid = ? AND "
        "r.number = ? ORDER BY r.twin");
    rows->bind(id.device_id).bind(id.queue_uuid).bind(sql_number(id.number));
    std::vector<KnownText> texts;
    const Status read = for_each_row(*rows, [&]() -> Status {
      KnownText text{
          bytes_of(*rows, 0), bytes_of(*rows, 1), rows->text(2), hash_or_noughts(*rows, 3), {}, {}, {}};
      if (!rows->is_null(4)) text.plate = hash_or_noughts(*rows, 4);
      if (!rows->is_null(5)) text.overview = hash_or_noughts(*rows, 5);
      text.chain = hash_or_noughts(*rows, 6);
      texts.push_back(std::move(text));
      return {};
    });
    if (!read) return fail(read.error());
    return texts;
  }

  // Two processes may put at once: the unique key decides, and who loses looks up what has won.
  [[nodiscard]] Result<Outcome> put(const NewText& text, UtcTime now) {
    for (std::uint32_t twin = 0; twin < most_twins; ++twin) {
      auto insert = database_.kept(
          "INSERT INTO records (device_id, queue_uuid, number, twin, type, class, head, chain, previous, "
          "record_key, document, captured_at, gaps, pseudonymous, sha256, received_at) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
      insert->bind(text.id.device_id).bind(text.id.queue_uuid).bind(sql_number(text.id.number));
      insert->bind(static_cast<std::int64_t>(twin));
      insert->bind(static_cast<std::int64_t>(text.type)).bind(static_cast<std::int64_t>(text.record_class));
      insert->bind(ByteView(text.head)).bind(ByteView(text.chain)).bind(ByteView(text.previous));
      insert->bind(ByteView(text.key)).bind(std::string_view(text.document));
      insert->bind(text.captured_at ? std::optional(text.captured_at->ms) : std::nullopt);
      insert->bind(ByteView(text.gaps)).bind(ByteView(text.pseudonymous)).bind(ByteView(text.sha256));
      insert->bind(now.ms);
      if (const auto stored = insert->run(); !stored) return fail(stored.error());
      if (database_.changes() == 1) {
        if (const auto noted = note_time(database_.last_row(), text); !noted) return fail(noted.error());
        return twin == 0 ? Outcome::accepted : Outcome::twin;
      }
      const auto before = known_all(text.id);
      if (!before) return fail(before.error());
      if (std::any_of(before->begin(), before->end(),
                      [&](const KnownText& one) { return one.sha256 == text.sha256; }))
        return Outcome::duplicate;
    }
    return Outcome::mismatch;
  }

  // Only onto the text that names it: another that was stored meanwhile does not.
  [[nodiscard]] Result<Outcome> put(const NewPicture& picture, UtcTime) {
    auto insert = database_.kept(
        "INSERT INTO parts (record, part, sha256, bytes) SELECT id, ?, ?, ? FROM records "
        "WHERE device_id = ? AND queue_uuid = ? AND number = ? AND chain = ? ON CONFLICT DO NOTHING");
    insert->bind(static_cast<std::int64_t>(picture.kind)).bind(ByteView(picture.sha256));
    insert->bind(ByteView(picture.bytes)).bind(picture.id.device_id).bind(picture.id.queue_uuid);
    insert->bind(sql_number(picture.id.number)).bind(ByteView(picture.chain));
    if (const auto stored = insert->run(); !stored) return fail(stored.error());
    if (database_.changes() == 1) return Outcome::accepted;
    const auto before = known_all(picture.id);
    if (!before) return fail(before.error());
    const auto text = std::find_if(before->begin(), before->end(),
                                   [&](const KnownText& one) { return one.chain == picture.chain; });
    if (text == before->end()) return before->empty() ? Outcome::text_missing : Outcome::mismatch;
    const auto& stored = picture.kind == PartKind::plate ? text->plate : text->overview;
    return stored == picture.sha256 ? Outcome::duplicate : Outcome::mismatch;
  }

  [[nodiscard]] Result<std::uint64_t> highest_number(const std::string& device_id,
                                                     const std::string& queue_uuid) {
    auto found = database_.kept("SELECT max(number) FROM records WHERE device_id = ? AND queue_uuid = ?");
    const auto row = found->bind(device_id).bind(queue_uuid).step();
    if (!row) return fail(row.error());
    return found->is_null(0) ? 0 : static_cast<std::uint64_t>(found->number(0));
  }

  // Within a transaction of the caller's.
  [[nodiscard]] Result<EarlierKey> enrol(const std::string& device_id, const Sha256& certificate,
                                         const PublicKey& key, UtcTime now) {
    auto earlier = compare_key(device_id, key);
    if (!earlier) return earlier;
    const Status enrolled =
        database_
            .prepare(
                "INSERT INTO devices (device_id, certificate_sha256, public_key, enrolled_at) VALUES (?, ?, "
                "?, ?) "
                "ON CONFLICT (device_id) DO UPDATE SET certificate_sha256 = excluded.certificate_sha256, "
                "public_key = excluded.public_key, enrolled_at = excluded.enrolled_at")
            .bind(device_id)
            .bind(ByteView(certificate))
            .bind(ByteView(key))
            .bind(now.ms)
            .run();
    if (!enrolled) return fail(enrolled.error());
    const Status kept =
        database_
            .prepare(
                "INSERT INTO device_keys (device_id, public_key, enrolled_from) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING")
            .bind(device_id)
            .bind(ByteView(key))
            .bind(now.ms)
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

  // All of it, or on failure nothing.
  [[nodiscard]] Status in_one_transaction(const std::function<Status()>& write) {
    if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = write();
    if (done) done = database_.run("COMMIT");
    // Also what could not be committed must not stay open.
    if (!done) static_cast<void>(database_.run("ROLLBACK"));
    return done;
  }

  std::mutex mutex_;
  Database database_;

 private:
  Status note_time(std::int64_t record, const NewText& text) {
    RecordDates dates(database_);
    if (text.unsure && text.captured_at)
      return dates.add(record, text.id.device_id, *text.captured_at, *text.unsure);
    if (text.synchronised) return dates.add(record, text.id.device_id, *text.synchronised);
    return {};
  }

  Result<EarlierKey> compare_key(const std::string& device_id, const PublicKey& key) {
    auto found = database_.prepare("SELECT public_key FROM devices WHERE device_id = ?");
    const auto row = found.bind(device_id).step();
    if (!row) return fail(row.error());
    if (!*row) return EarlierKey::none;
    const ByteView before = found.blob(0);
    return std::equal(before.begin(), before.end(), key.begin(), key.end()) ? EarlierKey::same
                                                                            : EarlierKey::other;
  }
};

Store::Store(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file) {
  auto database = open_store_file(file, IfMissing::make);
  if (!database) return fail(database.error());
  return std::unique_ptr<Store>(new Store(std::make_unique<Implementation>(std::move(*database))));
}

Result<std::unique_ptr<Store>> Store::open_existing(const std::filesystem::path& file) {
  auto database = open_store_file(file, IfMissing::refuse);
  if (!database) return fail(database.error());
  return std::unique_ptr<Store>(new Store(std::make_unique<Implementation>(std::move(*database))));
}

Result<EarlierKey> Store::enrol(const std::string& device_id, const Sha256& certificate, const PublicKey& key,
                                UtcTime now) {
  const std::lock_guard lock(implementation_->mutex_);
  EarlierKey earlier = EarlierKey::none;
  const Status done = implementation_->in_one_transaction([&]() -> Status {
    const auto found = implementation_->enrol(device_id, certificate, key, now);
    if (!found) return fail(found.error());
    earlier = *found;
    return {};
  });
  if (!done) return fail(done.error());
  return earlier;
}

Result<bool> Store::is_enrolled(const std::string& device_id, const Sha256& certificate) {
  const std::lock_guard lock(implementation_->mutex_);
  auto found =
      implementation_->database_.kept("SELECT 1 FROM devices WHERE device_id = ? AND certificate_sha256 = ?");
  return found->bind(device_id).bind(ByteView(certificate)).step();
}

Result<std::size_t> Store::device_count() {
  const std::lock_guard lock(implementation_->mutex_);
  auto count = implementation_->database_.prepare("SELECT count(*) FROM devices");
  const auto row = count.step();
  if (!row) return fail(row.error());
  return static_cast<std::size_t>(count.number(0));
}

Result<std::vector<Store::DeviceKey>> Store::device_keys(const std::string& device_id) {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.kept(
      "SELECT public_key, enrolled_from FROM device_keys WHERE device_id = ? ORDER BY id");
  rows->bind(device_id);
  std::vector<DeviceKey> keys;
  const Status read = for_each_row(*rows, [&]() -> Status {
    keys.push_back({hash_or_noughts(*rows, 0), {rows->number(1)}});
    return {};
  });
  if (!read) return fail(read.error());
  return keys;
}

Result<std::map<std::string, std::vector<Store::DeviceKey>>> Store::all_device_keys() {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare(
      "SELECT device_id, public_key, enrolled_from FROM device_keys ORDER BY id");
  std::map<std::string, std::vector<DeviceKey>> keys;
  const Status read = for_each_row(rows, [&]() -> Status {
    keys[rows.text(0)].push_back({hash_or_noughts(rows, 1), {rows.number(2)}});
    return {};
  });
  if (!read) return fail(read.error());
  return keys;
}

Result<std::map<std::string, UtcTime>> Store::enrolments() {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare("SELECT device_id, enrolled_at FROM devices");
  std::map<std::string, UtcTime> enrolments;
  const Status read = for_each_row(rows, [&]() -> Status {
    enrolments[rows.text(0)] = {rows.number(1)};
    return {};
  });
  if (!read) return fail(read.error());
  return enrolments;
}

Result<std::optional<KnownText>> Store::known(const RecordId& id) {
  auto all = known_all(id);
  if (!all) return fail(all.error());
  if (all->size() <= id.twin) return std::optional<KnownText>{};
  return std::optional(std::move((*all)[id.twin]));
}

Result<std::vector<KnownText>> Store::known_all(const RecordId& id) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->known_all(id);
}

Result<std::uint64_t> Store::highest_number(const std::string& device_id, const std::string& queue_uuid) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->highest_number(device_id, queue_uuid);
}

Result<std::vector<Store::Outcome>> Store::put(std::span<const NewShipment> shipments, UtcTime now) {
  const std::lock_guard lock(implementation_->mutex_);
  std::vector<Outcome> outcomes;
  const Status done = implementation_->in_one_transaction([&]() -> Status {
    for (const NewShipment& shipment : shipments) {
      const auto outcome =
          std::visit([&](const auto& one) { return implementation_->put(one, now); }, shipment);
      if (!outcome) return fail(outcome.error());
      outcomes.push_back(*outcome);
    }
    return {};
  });
  if (!done) return fail(done.error());
  return outcomes;
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

Result<std::vector<Store::KeptHeartbeat>> Store::heartbeats() {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare(
      "SELECT device_id, json, received_at FROM heartbeats ORDER BY device_id");
  std::vector<KeptHeartbeat> kept;
  const Status visited = for_each_row(rows, [&]() -> Status {
    kept.push_back({rows.text(0), rows.text(1), UtcTime{rows.number(2)}});
    return {};
  });
  if (!visited) return fail(visited.error());
  return kept;
}

Status Store::visit(const Selection& selection, const std::function<Status(const StoredRecord&)>& visit) {
  const std::lock_guard lock(implementation_->mutex_);
  // The newest are picked first, then turned round: a page of passes is read from the oldest to the newest.
  auto rows = implementation_->database_.prepare(
      fmt::format("SELECT {}, {} FROM (SELECT id, captured_at AS captured FROM records "
                  "WHERE type = 1 AND captured_at >= ? AND (? = 0 OR class = 1) "
                  "ORDER BY captured DESC, id DESC LIMIT ?) AS chosen "
                  "JOIN records r ON r.id = chosen.id {} ORDER BY chosen.captured, r.id",
                  record_sql, whole_sql, join_whole_sql));
  rows.bind(selection.since ? selection.since->ms : std::numeric_limits<std::int64_t>::min());
  rows.bind(std::int64_t{selection.hits ? 1 : 0});
  rows.bind(selection.newest ? static_cast<std::int64_t>(*selection.newest) : std::int64_t{-1});
  return for_each_row(rows, [&]() -> Status {
    if (auto sound = check_hash_sizes(rows); !sound) return sound;
    return visit(whole_record_of(rows));
  });
}

Status Store::visit_all(const std::function<Status(const StoredRecord&)>& visit) {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare(
      fmt::format("SELECT {}, {} FROM records r {} ORDER BY r.device_id, r.queue_uuid, r.number, r.twin",
                  record_sql, whole_sql, join_whole_sql));
  return for_each_row(rows, [&] { return visit(whole_record_of(rows)); });
}

Status Store::visit_heads(const std::function<Status(const StoredRecord&)>& visit) {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare(
      fmt::format("SELECT {} FROM records r ORDER BY device_id, queue_uuid, number, twin", record_sql));
  return for_each_row(rows, [&] { return visit(record_of(rows)); });
}

Status Store::visit_type(RecordType type, const std::function<Status(const StoredRecord&)>& visit) {
  const std::lock_guard lock(implementation_->mutex_);
  auto rows = implementation_->database_.prepare(fmt::format(
      "SELECT {}, {} FROM records r {} WHERE r.type = ? ORDER BY r.device_id, r.queue_uuid, r.number, r.twin",
      record_sql, whole_sql, join_whole_sql));
  rows.bind(static_cast<std::int64_t>(type));
  return for_each_row(rows, [&] { return visit(whole_record_of(rows)); });
}

Status Store::visit_links(const std::function<Status(const StoredRecord&)>& visit_book,
                          const std::function<Status(const Link&)>& visit_link) {
  const std::lock_guard lock(implementation_->mutex_);
  return implementation_->as_of_one_moment([&]() -> Status {
    auto books = implementation_->database_.prepare(fmt::format(
        "SELECT {} FROM records r WHERE type IN (2, 3) ORDER BY device_id, queue_uuid, number, twin",
        record_sql));
    if (auto visited = for_each_row(books, [&] { return visit_book(record_of(books)); }); !visited)
      return visited;
    auto links = implementation_->database_.prepare(
        "SELECT device_id, queue_uuid, number, twin, chain, previous FROM records "
        "ORDER BY device_id, queue_uuid, number, twin");
    return for_each_row(links, [&] {
      return visit_link({id_of(links), hash_or_noughts(links, 4), hash_or_noughts(links, 5)});
    });
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
