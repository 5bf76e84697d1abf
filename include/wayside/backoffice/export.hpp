// What an operator takes out of the store: a line to watch, a file to work on, a page to look at, a check.
//
// Threads: as the store. Ownership: files are replaced atomically, by way of a temporary file of a name of
// its own beside them, and readable by their owner only (0600): they hold VRMs and pictures. Failure: as
// replace_file() for a file that cannot be written, else as the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/coverage.hpp"
#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

// What a person wants to know first of a document that has been stored.
struct PassSummary {
  struct Reading {
    std::string text;       // of one character, or of a whole alternative
    double confidence = 0;  // 0 to 1
  };
  // An entry of a VOI list that it fits, as the record says.
  struct Hit {
    std::string list;
    std::uint64_t revision = 0;
    std::string pnc_id;
    std::string match;  // "one_character"
    std::string vrm;    // what matched
    double probability = 0;
  };
  UtcTime captured_at;
  std::string site;
  std::string vrm;
  double confidence = 0;  // 0 to 1
  std::vector<Reading> characters;
  std::vector<Reading> alternatives;
  std::vector<Hit> hits;  // likeliest first
  std::string format;
  std::string direction;  // "towards", "away" or "unknown"
  std::optional<int> lane;
  bool clock_unsure = false;            // the camera's was not synchronised, and nothing has dated it since
  std::optional<UtcTime> redated_from;  // what the camera said, where captured_at was put right since
};
// Fails with corrupt where it is no document of version 1. Of a stored record: with its time as the store has
// put it right.
[[nodiscard]] Result<PassSummary> summarise(const std::string& document);
[[nodiscard]] Result<PassSummary> summarise(const StoredRecord& record);

// "2026-11-22T17:35:40.123Z  AB12CDE   97.3 %  towards  lane 1": columns line up under one another;
// behind them "re-dated" or "clock not synchronised" where that is so, and the likeliest hit:
// "HIT north 7 N123 one_character AB12CDE 93.1 % (1 more)".
[[nodiscard]] std::string to_line(const PassSummary& pass);

struct ExportCounts {
  std::size_t records = 0;
  std::size_t incomplete = 0;  // without both pictures
  std::size_t damaged = 0;     // left out, and not among the records
};

// Visits the records of which check() would name nothing, as Store::visit(). Of one that is no longer what
// its camera signed nobody is to be shown anything: it is left out and counted, here as in both exports
// below.
[[nodiscard]] Result<ExportCounts> visit_sound(Store& store, const Selection& selection,
                                               const std::function<Status(const StoredRecord&)>& visit);

// The same of the records of another type, in the order of Store::visit_type(); damaged is told of each that
// is left out.
[[nodiscard]] Status visit_sound_of(Store& store, RecordType type,
                                    const std::function<Status(const StoredRecord&)>& visit,
                                    const std::function<void(const RecordId&)>& damaged);

// One JSON object a line: device_id, queue_uuid, number, received_at, complete, document; twin (from 1) where
// another record of this number was stored before; redated (captured_at, from, max_error_ms, by) where the
// store has put its time right, which the document, being signed, does not say.
[[nodiscard]] Result<ExportCounts> export_jsonl(Store& store, const Selection& selection,
                                                const std::filesystem::path& file);
// One page with everything in it, pictures included: about 40 kB a record, held in memory while it is made.
// What it says of numbers given up or missing is true of the whole store, whatever the selection.
[[nodiscard]] Result<ExportCounts> export_html(Store& store, const Selection& selection,
                                               const std::filesystem::path& file);

// The heads of all records, by device, queue and number, with nothing that was sealed: what a third party
// needs to verify signatures, chain and gaps with the device's public key alone (ledger_file.md beside this
// header). Returns how many.
[[nodiscard]] Result<std::size_t> export_ledger(Store& store, const std::filesystem::path& file);

struct CheckReport {
  std::size_t records = 0;  // capture records
  std::size_t incomplete = 0;
  std::vector<std::string> damaged;  // one sentence each, naming key and part
  std::size_t gap_records = 0;
  std::size_t ledger_records = 0;  // coverage, clock, audit and sight
  std::vector<QueueCoverage> queues;
};
// Of every row: the device's signature; that the plain parts, sealed again, are what it signed; that they are
// valid and fit each other. Of every queue: what no number accounts for, and whether it is one chain.
[[nodiscard]] Result<CheckReport> check(Store& store);

}  // namespace wayside::backoffice
