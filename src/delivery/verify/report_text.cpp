#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/verify/queue_verify.hpp"

namespace wayside {

std::string_view to_string(NumberFate fate) {
  constexpr std::array<std::string_view, number_fates> names = {"present",     "acknowledged", "evicted",
                                                                "expired",     "damaged",      "interrupted",
                                                                "rolled_back", "torn",         "missing"};
  return names.at(static_cast<std::size_t>(fate));
}

std::string to_text(const QueueReport& report) {
  std::string out = fmt::format(
      "queue {}, {} segments of {} bytes, device {}\n", to_hex(report.uuid), report.segments,
      report.segment_bytes, report.device_id.empty() ? "unknown: there are no records" : report.device_id);
  for (const QueueReport::Range& range : report.numbers) {
    out += range.first == range.last
               ? fmt::format("  {} {}\n", range.first, to_string(range.fate))
               : fmt::format("  {} to {} {}\n", range.first, range.last, to_string(range.fate));
  }
  out += "numbers:";
  for (std::size_t i = 0; i < number_fates; ++i)
    out +=
        fmt::format("{} {} {}", i == 0 ? "" : ",", report.counts[i], to_string(static_cast<NumberFate>(i)));
  if (report.unsigned_acknowledged != 0)
    out += fmt::format("\nacknowledged by the unsigned block alone: {}", report.unsigned_acknowledged);
  out += fmt::format("\nsignatures: {} good, {} bad\n", report.signatures_good, report.signatures_bad);
  out += fmt::format("chain: {} links good, {} across known gaps, {} across unknown ones, {} broken{}\n",
                     report.links_good, report.links_gapped, report.links_unknown, report.links_broken,
                     report.links_broken == 0 ? "" : fmt::format(", the first at {}", report.first_break));
  if (report.without_overview != 0)
    out += fmt::format("records without their overview: {}\n", report.without_overview);
  for (const std::string& problem : report.problems)
    out += problem + "\n";
  if (report.trouble > report.problems.size())
    out += fmt::format("and {} more of these\n", report.trouble - report.problems.size());
  return out + report.verdict + "\n";
}

std::string to_json(const QueueReport& report) {
  nlohmann::ordered_json out;
  out["schema"] = "wayside-queue-report-1";
  out["good"] = report.good;
  out["verdict"] = report.verdict;
  out["queue"] = to_hex(report.uuid);
  out["device"] = report.device_id;
  out["segments"] = report.segments;
  out["segment_bytes"] = report.segment_bytes;
  for (std::size_t i = 0; i < number_fates; ++i)
    out["counts"][std::string(to_string(static_cast<NumberFate>(i)))] = report.counts[i];
  out["unsigned_acknowledged"] = report.unsigned_acknowledged;
  out["records"] = report.records;
  out["without_overview"] = report.without_overview;
  out["signatures"] = {{"good", report.signatures_good}, {"bad", report.signatures_bad}};
  out["chain"] = {{"good", report.links_good},
                  {"across_known_gaps", report.links_gapped},
                  {"across_unknown_gaps", report.links_unknown},
                  {"broken", report.links_broken},
                  {"first_break", report.first_break}};
  out["numbers"] = nlohmann::ordered_json::array();
  for (const QueueReport::Range& range : report.numbers)
    out["numbers"].push_back({{"first", range.first}, {"last", range.last}, {"fate", to_string(range.fate)}});
  out["trouble"] = report.trouble;
  out["problems"] = report.problems;
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wayside
