#include "wayside/backoffice/export.hpp"

#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"

#include "src/backoffice/gap_record.hpp"
#include "src/backoffice/html_page.hpp"
#include "src/backoffice/validation.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// They hold VRMs and pictures.
constexpr unsigned for_the_owner_only = 0600;

UtcTime utc_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

std::string name_of(const RecordId& id) {
  return fmt::format("record {} of queue {} of device {}", id.number, id.queue_uuid, id.device_id);
}

// What is wrong with one record; counts what it lacks.
void check_record(const StoredRecord& record, CheckReport& report) {
  ++report.records;
  if (!record.complete()) ++report.incomplete;
  const auto damaged = [&](std::string_view part, std::string_view what) {
    report.damaged.push_back(fmt::format("{}, {}: {}", name_of(record.id), part, what));
  };
  if (sha256(as_bytes(record.document)) != record.document_sha256) {
    damaged("document", "changed since it was stored");
  } else if (!summarise(record.document)) {
    damaged("document", "is no capture record of version 1");
  }
  for (const auto& [part, stored] :
       {std::pair{Part::plate, &record.plate}, std::pair{Part::overview, &record.overview}}) {
    if (!*stored) continue;
    const Sha256 hash = sha256((*stored)->bytes);
    if (hash != (*stored)->sha256) {
      damaged(to_string(part), "changed since it was stored");
    } else if (const auto fits = check_picture(part, (*stored)->bytes, hash, record.document); !fits) {
      damaged(to_string(part), fits.error().message);
    }
  }
}

void check_gap_record(const StoredRecord& record, CheckReport& report) {
  ++report.gap_records;
  if (sha256(as_bytes(record.document)) != record.document_sha256) {
    report.damaged.push_back(name_of(record.id) + ", gap record: changed since it was stored");
  } else if (const auto gaps = gaps_from(record.document, record.id.number); !gaps) {
    report.damaged.push_back(name_of(record.id) + ", gap record: " + gaps.error().message);
  }
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
                     json.at("format"),
                     json.at("direction"),
                     {}};
    for (const Json& one : json.at("characters"))
      pass.characters.push_back({one.at("character"), one.at("confidence")});
    for (const Json& one : json.at("alternatives"))
      pass.alternatives.push_back({one.at("vrm"), one.at("confidence")});
    if (!json.at("lane").is_null()) pass.lane = json.at("lane").get<int>();
    return pass;
  } catch (const Json::exception&) {
    return fail(ErrorCode::corrupt,
                "a stored document is no capture record of version 1: run wayside-backoffice check");
  }
}

std::string to_line(const PassSummary& pass) {
  return fmt::format("{}  {:<8} {:>5.1f} %  {:<7}  {}", to_iso8601(pass.captured_at), pass.vrm,
                     100 * pass.confidence, pass.direction,
                     pass.lane ? fmt::format("lane {}", *pass.lane) : "no lane");
}

Result<ExportCounts> export_jsonl(Store& store, const Selection& selection, const fs::path& file) {
  // The store may hold more than memory does.
  auto out = FileReplacement::begin(file, for_the_owner_only);
  if (!out) return fail(out.error());
  ExportCounts counts;
  const Status visited = store.visit(selection, [&](const StoredRecord& record) -> Status {
    Json document = Json::parse(record.document, nullptr, false);
    if (document.is_discarded()) {
      return fail(ErrorCode::corrupt, name_of(record.id) + " is damaged: run wayside-backoffice check");
    }
    ++counts.records;
    if (!record.complete()) ++counts.incomplete;
    const Json line{{"device_id", record.id.device_id}, {"queue_uuid", record.id.queue_uuid},
                    {"number", record.id.number},       {"received_at", to_iso8601(record.received_at)},
                    {"complete", record.complete()},    {"document", std::move(document)}};
    return out->append(as_bytes(line.dump() + "\n"));
  });
  if (!visited) return fail(visited.error());
  if (const auto written = out->commit(); !written) return fail(written.error());
  return counts;
}

Result<ExportCounts> export_html(Store& store, const Selection& selection, const fs::path& file) {
  HtmlPage page;
  ExportCounts counts;
  const Status visited = store.visit(selection, [&](const StoredRecord& record) -> Status {
    const auto pass = summarise(record.document);
    if (!pass) return fail(pass.error().context(name_of(record.id)));
    page.add(record, *pass);
    ++counts.records;
    if (!record.complete()) ++counts.incomplete;
    return {};
  });
  if (!visited) return fail(visited.error());
  const auto queues = coverage(store);
  if (!queues) return fail(queues.error());
  const std::string text = page.finish(counts, totals(*queues), utc_now());
  const auto written = replace_file(file, as_bytes(text), for_the_owner_only);
  if (!written) return fail(written.error());
  return counts;
}

Result<CheckReport> check(Store& store) {
  if (const auto sound = store.check_file(); !sound) return fail(sound.error());
  CheckReport report;
  // Not by visit(), which selects by what documents say: a damaged one may have lost just that.
  const Status visited = store.visit_all([&](const StoredRecord& record) -> Status {
    if (is_gap_record(record.document)) {
      check_gap_record(record, report);
    } else {
      check_record(record, report);
    }
    return {};
  });
  if (!visited) return fail(visited.error());
  auto queues = coverage(store);
  if (!queues) return fail(queues.error());
  report.queues = std::move(*queues);
  return report;
}

}  // namespace wayside::backoffice
