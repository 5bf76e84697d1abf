#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/backoffice/coverage.hpp"
#include "wayside/backoffice/export.hpp"
#include "wayside/backoffice/sight.hpp"
#include "wayside/base/files.hpp"

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

namespace fs = std::filesystem;
using backoffice::Selection;

namespace {

Result<Selection> selection_from(const Arguments& arguments) {
  Selection selection;
  if (arguments.limit > 0) selection.newest = arguments.limit;
  selection.hits = arguments.hits;
  if (arguments.since.empty()) return selection;
  const auto since = time_from(arguments.since, "--since");
  if (!since) return fail(since.error());
  selection.since = *since;
  return selection;
}

Status check_export_places(const Arguments& arguments) {
  std::vector<std::pair<std::string_view, fs::path>> places;
  for (const auto& [option, file] : {std::pair<std::string_view, fs::path>{"--jsonl", arguments.jsonl},
                                     {"--html", arguments.html},
                                     {"--ledger", arguments.ledger}}) {
    if (file.empty()) continue;
    for (const auto& [other, place] : places) {
      if (!overlap(file, place)) continue;
      return fail(ErrorCode::invalid_input,
                  fmt::format("{} and {} name the same file: the second would be written over the first",
                              other, option));
    }
    if (const auto allowed = check_output(file, arguments.folder); !allowed) return allowed;
    places.emplace_back(option, file);
  }
  if (!places.empty()) return {};
  return fail(ErrorCode::invalid_input, "export needs --jsonl FILE, --html FILE, --ledger FILE or several");
}

}  // namespace

Status list(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto selection = selection_from(arguments);
  if (!selection) return fail(selection.error());
  const auto counts = backoffice::visit_sound(
      *office->store, *selection, [&](const backoffice::StoredRecord& record) -> Status {
        const auto pass = backoffice::summarise(record);
        if (!pass) return fail(pass.error());
        fmt::print("{:<52}  {}  {:>8}{}\n", backoffice::to_line(*pass), record.id.device_id, record.id.number,
                   record.complete() ? "" : "  pictures missing");
        return {};
      });
  if (!counts) return fail(counts.error());
  fmt::print("{}, {} without both pictures\n", count_of(counts->records, "record"), counts->incomplete);
  const auto queues = backoffice::coverage(*office->store);
  if (!queues) return fail(queues.error());
  if (const auto [given_up, missing] = backoffice::totals(*queues); given_up != 0 || missing != 0) {
    fmt::print("Of all record numbers so far, {} given up by cameras, {} missing: see {} check {}\n",
               given_up, missing, program, arguments.folder.string());
  }
  return left_out(counts->damaged, arguments.folder);
}

Status export_records(const Arguments& arguments) {
  if (const auto allowed = check_export_places(arguments); !allowed) return allowed;
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto selection = selection_from(arguments);
  if (!selection) return fail(selection.error());
  std::size_t damaged = 0;
  const auto said = [&](const Result<backoffice::ExportCounts>& counts, const fs::path& file) -> Status {
    if (!counts) return fail(counts.error());
    damaged = std::max(damaged, counts->damaged);
    fmt::print("Wrote {} to {}, {} without both pictures, {} left out as damaged\n",
               count_of(counts->records, "record"), file.string(), counts->incomplete, counts->damaged);
    return {};
  };
  if (!arguments.jsonl.empty()) {
    const auto done =
        said(backoffice::export_jsonl(*office->store, *selection, arguments.jsonl), arguments.jsonl);
    if (!done) return done;
  }
  if (!arguments.html.empty()) {
    const auto done =
        said(backoffice::export_html(*office->store, *selection, arguments.html), arguments.html);
    if (!done) return done;
  }
  if (!arguments.ledger.empty()) {
    const auto heads = backoffice::export_ledger(*office->store, arguments.ledger);
    if (!heads) return fail(heads.error());
    fmt::print("Wrote {} to {}\n", count_of(*heads, "head"), arguments.ledger.string());
  }
  return left_out(damaged, arguments.folder);
}

Status check(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  const auto report = backoffice::check(*office->store);
  if (!report) return fail(report.error());
  for (const std::string& sentence : report->damaged)
    fmt::print("{}\n", sentence);
  for (const backoffice::QueueCoverage& queue : report->queues) {
    for (const std::string& sentence : backoffice::sentences(queue))
      fmt::print("{}\n", sentence);
  }
  fmt::print("{}, {} without both pictures, {}, {}, {} damaged\n", count_of(report->records, "record"),
             report->incomplete, count_of(report->gap_records, "gap record"),
             count_of(report->ledger_records, "ledger record"), report->damaged.size());
  const auto broken = static_cast<std::size_t>(
      std::count_if(report->queues.begin(), report->queues.end(),
                    [](const backoffice::QueueCoverage& queue) { return !queue.is_sound(); }));
  if (!report->damaged.empty()) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} of {} not what was stored: restore the folder from a backup",
                            count_of(report->damaged.size(), "part"), arguments.folder.string()));
  }
  if (broken == 0) return {};
  return fail(
      ErrorCode::corrupt,
      fmt::format(
          "{} of {} not one chain, put back to an older state, or without records that were here: look "
          "into what the camera and its card went through",
          count_of(broken, "queue"), arguments.folder.string()));
}

Status sight(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  if (!arguments.device_id.empty()) {
    if (const auto enrolled = check_enrolled(*office->store, {arguments.device_id}); !enrolled)
      return enrolled;
  }
  std::optional<UtcTime> since;
  if (!arguments.since.empty()) {
    const auto time = time_from(arguments.since, "--since");
    if (!time) return fail(time.error());
    since = *time;
  }
  const auto book = backoffice::sight(*office->store, since, arguments.device_id);
  if (!book) return fail(book.error());
  std::string device;
  for (const backoffice::SightHour& hour : book->hours) {
    if (std::exchange(device, hour.device_id) != hour.device_id) fmt::print("device {}\n", hour.device_id);
    fmt::print("{}\n", backoffice::to_line(hour));
  }
  if (book->hours.empty()) fmt::print("No camera has told of any minute.\n");
  return left_out(book->damaged, arguments.folder);
}

}  // namespace wayside::app::office
