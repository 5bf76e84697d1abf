#include "wayside/backoffice/export.hpp"

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

#include "src/backoffice/dating.hpp"
#include "src/backoffice/gap_record.hpp"
#include "src/backoffice/html_page.hpp"
#include "src/backoffice/opening.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// They hold VRMs and pictures.
constexpr unsigned for_the_owner_only = 0600;

// Whoever can write to the file can put anything there.
std::string name_of(const RecordId& id) {
  return fmt::format("record {}{} of queue {} of device {}", id.number,
                     id.twin == 0 ? "" : fmt::format(" (twin {})", id.twin), json_escape(id.queue_uuid),
                     json_escape(id.device_id));
}

// What is wrong with one row, in the words of a person who has to restore it.
class RowCheck {
 public:
  RowCheck(const StoredRecord& record, const std::vector<Store::DeviceKey>& device_keys, CheckReport& report)
      : record_(record), device_keys_(device_keys), report_(report) {}

  void run() {
    const auto opened = reopen(record_.head, record_.key, record_.document);
    if (!opened) return damaged("head", opened.error().message);
    if (!row_is_the_heads(*opened)) return damaged("head", "is not what the row says of it");
    if (const auto good = check_signature(opened->head, record_.head, device_keys_); !good)
      return damaged("head", good.error().message);
    check_text(*opened);
    check_picture_of(*opened, PartKind::plate, record_.plate);
    check_picture_of(*opened, PartKind::overview, record_.overview);
  }

 private:
  void damaged(std::string_view part, std::string_view what) {
    report_.damaged.push_back(fmt::format("{}, {}: {}", name_of(record_.id), part, what));
  }

  bool row_is_the_heads(const OpenRecord& opened) const {
    const RecordHead& head = opened.head;
    return head.device_id == record_.id.device_id && to_hex(head.queue_uuid) == record_.id.queue_uuid &&
           head.number.value() == record_.id.number && head.type == record_.type &&
           head.record_class == record_.record_class && head.previous == record_.previous &&
           opened.chain == record_.chain;
  }

  // The sealed part again, which only the bytes that the device signed give.
  std::optional<Bytes> sealed_again(const OpenRecord& opened, PartKind kind, ByteView plain) const {
    auto sealed = seal_again(opened.head, *opened.key, kind, plain);
    return sealed ? std::optional(std::move(*sealed)) : std::nullopt;
  }

  void check_text(const OpenRecord& opened) {
    Bytes text = record_.head;
    const auto append = [&](ByteView part) { text.insert(text.end(), part.begin(), part.end()); };
    if (record_.type == RecordType::gap) {
      if (!check_part(opened.head, PartKind::gaps, record_.gaps)) return damaged("gap list", not_signed);
      append(record_.gaps);
    } else {
      const auto document = sealed_again(opened, PartKind::document, as_bytes(record_.document));
      if (!document) return damaged("document", not_signed);
      if (!record_.pseudonymous.empty() &&
          !check_part(opened.head, PartKind::pseudonymous, record_.pseudonymous))
        return damaged("pseudonymous document", not_signed);
      append(*document);
      append(record_.pseudonymous);
    }
    if (sha256(text) != record_.sha256) return damaged("text", "its hash is not the one it was stored with");
    if (const auto valid = check_content(); !valid) damaged("document", valid.error().message);
  }

  Status check_content() const {
    if (record_.type == RecordType::gap) {
      const auto gaps = gaps_from(record_.gaps, record_.id.number);
      return gaps ? Status{} : fail(gaps.error());
    }
    if (record_.type != RecordType::capture)
      return check_ledger_document(record_.type, record_.document, record_.id);
    const auto captured_at = check_document(record_.document, record_.id.device_id);
    if (!captured_at) return fail(captured_at.error());
    if (record_.redated) return check_redating(*record_.redated, *captured_at);
    if (record_.captured_at != std::optional(*captured_at))
      return fail(ErrorCode::corrupt, "its time of capture is not the one it is found by");
    return {};
  }

  // The right time again, from what the camera signed.
  Status check_redating(const Redating& redating, UtcTime said) const {
    const auto taken = unsure_time_of(record_.document);
    const auto by = synchronisation_of(redating.by_document);
    const auto right =
        taken && by && redating.by.device_id == record_.id.device_id ? dated(*taken, *by) : std::nullopt;
    if (right && redating.from == said && record_.captured_at == std::optional(right->utc) &&
        redating.max_error_ms == right->max_error_ms)
      return {};
    return fail(ErrorCode::corrupt,
                "its time was put right by other than what its camera's clock record says");
  }

  void check_picture_of(const OpenRecord& opened, PartKind kind, const std::optional<StoredPart>& picture) {
    if (!picture) return;
    const std::string_view name = kind == PartKind::plate ? "plate" : "overview";
    const auto sealed = opened.key ? sealed_again(opened, kind, picture->bytes) : std::nullopt;
    if (!sealed || sha256(*sealed) != picture->sha256) return damaged(name, not_signed);
    if (const auto fits = check_picture(kind, picture->bytes, record_.document); !fits)
      damaged(name, fits.error().message);
  }

  static constexpr std::string_view not_signed = "is not what the camera signed";
  const StoredRecord& record_;
  const std::vector<Store::DeviceKey>& device_keys_;
  CheckReport& report_;
};

using DeviceKeys = std::map<std::string, std::vector<Store::DeviceKey>>;

void check_row(const StoredRecord& record, const DeviceKeys& device_keys, CheckReport& report) {
  const auto keys = device_keys.find(record.id.device_id);
  RowCheck(record, keys == device_keys.end() ? std::vector<Store::DeviceKey>{} : keys->second, report).run();
}

void count(const StoredRecord& record, CheckReport& report) {
  switch (record.type) {
    case RecordType::gap:
      ++report.gap_records;
      return;
    case RecordType::coverage:
    case RecordType::clock:
    case RecordType::audit:
    case RecordType::sight:
      ++report.ledger_records;
      return;
    case RecordType::capture:
      break;
  }
  ++report.records;
  if (!record.complete()) ++report.incomplete;
}

std::string_view to_string(RecordType type) {
  switch (type) {
    case RecordType::capture:
      return "capture";
    case RecordType::gap:
      return "gap";
    case RecordType::coverage:
      return "coverage";
    case RecordType::clock:
      return "clock";
    case RecordType::audit:
      return "audit";
    case RecordType::sight:
      return "sight";
  }
  return "unknown";
}

}  // namespace

Result<PassSummary> summarise(const std::string& document) {
  try {
    const Json json = Json::parse(document);
    const auto captured_at = utc_from_iso8601(json.at("time").at("captured_at").get<std::string>());
    if (!captured_at) return fail(ErrorCode::corrupt, "field time.captured_at is no time");
    PassSummary pass{*captured_at,
                     json.at("site").at("name"),
                     json.at("vrm"),
                     json.at("confidence"),
                     {},
                     {},
                     {},
                     json.at("format"),
                     json.at("direction"),
                     {},
                     {},
                     {}};
    for (const Json& one : json.at("characters"))
      pass.characters.push_back({one.at("character"), one.at("confidence")});
    for (const Json& one : json.at("alternatives"))
      pass.alternatives.push_back({one.at("vrm"), one.at("confidence")});
    for (const Json& one : json.value("hits", Json::array())) {
      pass.hits.push_back({one.at("list"), one.at("revision"), one.at("pnc_id"), one.at("match"),
                           one.at("vrm"), one.at("probability")});
    }
    pass.clock_unsure = json.at("time").at("source") == "unsynchronised";
    if (!json.at("lane").is_null()) pass.lane = json.at("lane").get<int>();
    return pass;
  } catch (const Json::exception&) {
    return fail(ErrorCode::corrupt,
                "a stored document is no capture record of version 1: run wayside-backoffice check");
  }
}

Result<PassSummary> summarise(const StoredRecord& record) {
  auto pass = summarise(record.document);
  if (!pass || !record.redated) return pass;
  pass->captured_at = record.captured_at.value_or(pass->captured_at);
  pass->redated_from = record.redated->from;
  pass->clock_unsure = false;
  return pass;
}

std::string to_line(const PassSummary& pass) {
  const std::string_view note = pass.redated_from   ? "  re-dated"
                                : pass.clock_unsure ? "  clock not synchronised"
                                                    : "";
  std::string hit;
  if (!pass.hits.empty()) {
    const PassSummary::Hit& first = pass.hits.front();
    hit = fmt::format("  HIT {} {}{} {} {} {:.1f} %", first.list, first.revision,
                      first.pnc_id.empty() ? "" : " " + json_escape(first.pnc_id), first.match, first.vrm,
                      100 * first.probability);
    if (pass.hits.size() > 1) hit += fmt::format(" ({} more)", pass.hits.size() - 1);
  }
  return fmt::format("{}  {:<8} {:>5.1f} %  {:<7}  {}{}{}", to_iso8601(pass.captured_at), pass.vrm,
                     100 * pass.confidence, pass.direction,
                     pass.lane ? fmt::format("lane {}", *pass.lane) : "no lane", note, hit);
}

namespace {

Json json_of(const StoredRecord& record, const Redating& redated) {
  return {{"captured_at", to_iso8601(record.captured_at.value_or(redated.from))},
          {"from", to_iso8601(redated.from)},
          {"max_error_ms", redated.max_error_ms},
          {"by", {{"queue_uuid", redated.by.queue_uuid}, {"number", redated.by.number}}}};
}

}  // namespace

Result<ExportCounts> visit_sound(Store& store, const Selection& selection,
                                 const std::function<Status(const StoredRecord&)>& visit) {
  const auto device_keys = store.all_device_keys();
  if (!device_keys) return fail(device_keys.error());
  ExportCounts counts;
  const Status visited = store.visit(selection, [&](const StoredRecord& record) -> Status {
    CheckReport found;
    check_row(record, *device_keys, found);
    if (!found.damaged.empty()) {
      ++counts.damaged;
      return {};
    }
    ++counts.records;
    if (!record.complete()) ++counts.incomplete;
    return visit(record);
  });
  if (!visited) return fail(visited.error());
  return counts;
}

Status visit_sound_of(Store& store, RecordType type, const std::function<Status(const StoredRecord&)>& visit,
                      const std::function<void(const RecordId&)>& damaged) {
  const auto device_keys = store.all_device_keys();
  if (!device_keys) return fail(device_keys.error());
  return store.visit_type(type, [&](const StoredRecord& record) -> Status {
    CheckReport found;
    check_row(record, *device_keys, found);
    if (found.damaged.empty()) return visit(record);
    damaged(record.id);
    return {};
  });
}

Result<ExportCounts> export_jsonl(Store& store, const Selection& selection, const fs::path& file) {
  // The store may hold more than memory does.
  auto out = FileReplacement::begin(file, for_the_owner_only);
  if (!out) return fail(out.error());
  const auto counts = visit_sound(store, selection, [&](const StoredRecord& record) -> Status {
    Json document = Json::parse(record.document, nullptr, false);
    Json line{{"device_id", record.id.device_id}, {"queue_uuid", record.id.queue_uuid},
              {"number", record.id.number},       {"received_at", to_iso8601(record.received_at)},
              {"complete", record.complete()},    {"document", std::move(document)}};
    if (record.id.twin != 0) line["twin"] = record.id.twin;
    if (record.redated) line["redated"] = json_of(record, *record.redated);
    return out->append(as_bytes(line.dump() + "\n"));
  });
  if (!counts) return counts;
  if (const auto written = out->commit(); !written) return fail(written.error());
  return counts;
}

Result<ExportCounts> export_html(Store& store, const Selection& selection, const fs::path& file) {
  HtmlPage page;
  const auto counts = visit_sound(store, selection, [&](const StoredRecord& record) -> Status {
    const auto pass = summarise(record);
    if (!pass) return fail(pass.error().context(name_of(record.id)));
    page.add(record, *pass);
    return {};
  });
  if (!counts) return counts;
  const auto queues = coverage(store);
  if (!queues) return fail(queues.error());
  const std::string text = page.finish(*counts, totals(*queues), utc_now());
  const auto written = replace_file(file, as_bytes(text), for_the_owner_only);
  if (!written) return fail(written.error());
  return counts;
}

Result<std::size_t> export_ledger(Store& store, const fs::path& file) {
  auto out = FileReplacement::begin(file, for_the_owner_only);
  if (!out) return fail(out.error());
  std::size_t heads = 0;
  const Status visited = store.visit_heads([&](const StoredRecord& record) -> Status {
    Json line{{"device_id", record.id.device_id},
              {"queue_uuid", record.id.queue_uuid},
              {"number", record.id.number},
              {"type", to_string(record.type)},
              {"head", to_hex(record.head)}};
    if (record.type == RecordType::gap) line["gaps"] = to_hex(record.gaps);
    ++heads;
    return out->append(as_bytes(line.dump() + "\n"));
  });
  if (!visited) return fail(visited.error());
  if (const auto written = out->commit(); !written) return fail(written.error());
  return heads;
}

Result<CheckReport> check(Store& store) {
  if (const auto sound = store.check_file(); !sound) return fail(sound.error());
  CheckReport report;
  const auto device_keys = store.all_device_keys();
  if (!device_keys) return fail(device_keys.error());
  // Not by visit(), which selects by what the rows say: a damaged one may have lost just that.
  const Status visited = store.visit_all([&](const StoredRecord& record) -> Status {
    count(record, report);
    check_row(record, *device_keys, report);
    return {};
  });
  if (!visited) return fail(visited.error());
  auto queues = coverage(store);
  if (!queues) return fail(queues.error());
  report.queues = std::move(*queues);
  return report;
}

}  // namespace wayside::backoffice
