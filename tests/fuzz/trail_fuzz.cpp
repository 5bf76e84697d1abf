// Lines of the audit trail, its head, how far it was carried, and a whole trail with whatever stands between
// its lines: what the folder holds, which the console's user can write.
#include "wayside/base/shared_folder.hpp"
#include "wayside/device/audit/trail.hpp"

#include "src/device/audit/trail_line.hpp"
#include "src/device/audit/trail_text.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wayside;
  using namespace wayside::fuzz;
  static const Secret seed(Bytes(Secret::bytes, 7));
  static const VerifyingKey key = verifying_key(seed);
  const std::string_view text = text_of(data, size);
  audit::LineTime time;
  time.boot_id = std::string(32, 'a');
  if (const auto entry = trail_entry_from(text)) {
    require(entry->number > 0 && entry->line == text, "an entry has a number, and is its line");
    require(audit::is_whole_line(text), "an entry has the form of one");
  } else {
    require_good(entry.error());
  }
  if (const auto head = audit::head_from(text)) {
    require(head->number > 0, "a head names an entry");
  } else {
    require_good(head.error());
  }
  // The key's file and `carried` have a checksum, which anybody can make.
  for (const std::string& kept : {std::string(text), with_checksum(text)}) {
    if (const auto body = without_checksum(kept)) {
      require(with_checksum(*body) == kept, "a checksum is that of what stands before it");
    } else {
      require_good(body.error());
    }
    if (const auto carried = audit::carried_from(kept)) {
      const auto again = audit::carried_from(audit::to_text(*carried));
      require(again && again->number == carried->number && again->hash == carried->hash, "carried is kept");
    } else {
      require_good(carried.error());
    }
  }
  for (const std::string& sentence : verify_trail(text).faults)
    require(is_plain_text(sentence), "a fault can be shown");
  for (const std::string& sentence : verify_trail("", text).faults)
    require(is_plain_text(sentence), "a fault of the head can be shown");
  // Whatever was done can be put on record, behind whatever stands there, and named.
  const TrailEvent event{
      std::string(text), {std::string(text), "", ""}, {{std::string(text), std::string(text)}}};
  const std::string line = audit::to_line(event, {}, time, seed, key);
  const auto written = trail_entry_from(line);
  require(written && written->number == 1, "what was written is read");
  const std::string first = line + "\n";
  const std::string trail = first + std::string(text) + (text.ends_with('\n') ? "" : "\n");
  const audit::Tail tail = audit::tail_of(trail);
  require(tail.last.has_value(), "the last entry is found");
  if (tail.last->hash == written->hash && !audit::has_whole_line(tail.torn)) {
    const audit::Link link{1, written->hash, key};
    const std::string named =
        audit::to_line(audit::torn_line_event(audit::without_end(tail.torn)), link, time, seed, key);
    require(verify_trail(trail + named + "\n").faults.empty(), "a tear that is named is no fault");
  }
  require(audit::newest_of(text, 1, 1).size() <= 1, "no more than was asked for");
  return 0;
}
