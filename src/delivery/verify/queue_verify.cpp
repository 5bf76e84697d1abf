#include "wayside/delivery/verify/queue_verify.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/disk.hpp"
#include "src/delivery/queue/formatting.hpp"
#include "src/delivery/queue/segment_scan.hpp"

namespace wayside {

namespace {

using namespace flash;

// One record that is there.
struct Seen {
  Sha256 hash{};
  Sha256 previous{};
  std::uint32_t bytes = 0;
  bool readable_head = false;
};

class Examination {
 public:
  Examination(Disk& disk, const std::vector<PublicKey>& devices) : disk_(disk), devices_(devices) {}

  Result<QueueReport> run(const std::filesystem::path& directory, const VerifyProgress& progress) {
    const Result<std::vector<Disk::Entry>> entries = disk_.list();
    if (!entries) return fail(entries.error());
    read_headers(*entries);
    if (headers_.empty()) {
      return fail(
          ErrorCode::not_found,
          fmt::format("{} holds no segment of a queue that this program can read{}", directory.string(),
                      report_.problems.empty() ? "" : ": " + report_.problems.front()));
    }
    choose_queue();
    look_for_files(*entries);
    Acknowledgements blocks(open("ack-0"), open("ack-1"));
    const Acknowledgements::Loaded loaded = blocks.load(report_.uuid);
    if (!loaded.found)
      trouble("acknowledgements", "no acknowledgement block checks out: what was delivered is unknown");
    settled_ = loaded.settled;
    std::uint32_t done = 0;
    for (const auto& [index, header] : headers_) {
      if (progress) progress(done++, static_cast<std::uint32_t>(headers_.size()));
      if (header.epoch != 0) look_at(header);
    }
    if (progress) progress(done, done);
    account();
    check_chain();
    conclude();
    return std::move(report_);
  }

 private:
  // The first of a kind is told in full, all are counted.
  void trouble(const std::string& kind, std::string sentence) {
    constexpr std::uint64_t told_of_a_kind = 8;
    ++report_.trouble;
    if (++kinds_[kind] <= told_of_a_kind) report_.problems.push_back(std::move(sentence));
  }

  std::unique_ptr<DiskFile> open(const std::string& name) {
    Result<std::unique_ptr<DiskFile>> file = disk_.open(name);
    return file ? std::move(*file) : nullptr;
  }

  // Nothing: its block does not check out, as after a power cut while it was written.
  std::optional<QueueUuid> owner_of(const char* acknowledgements) {
    const std::unique_ptr<DiskFile> file = open(acknowledgements);
    Bytes block(acknowledgement_file_bytes);
    if (!file || !file->read(0, block)) return std::nullopt;
    const Result<QueueUuid> owner = acknowledgement_owner(block);
    return owner ? std::optional(*owner) : std::nullopt;
  }

  void read_headers(const std::vector<Disk::Entry>& entries) {
    for (const Disk::Entry& entry : entries) {
      const bool segment = entry.name.size() == 8 && entry.name.starts_with("seg-");
      if (!segment) {
        if (entry.name != "ack-0" && entry.name != "ack-1" && entry.name != "lost+found")
          trouble("foreign", fmt::format("{:?} is no file of a queue", entry.name));
        continue;
      }
      const std::unique_ptr<DiskFile> file = open(entry.name);
      if (!file) {
        trouble("unreadable", fmt::format("{} cannot be opened", entry.name));
        continue;
      }
      std::optional<SegmentHeader> best;
      bool newer = false;
      bool readable = false;
      Bytes block(block_bytes);
      for (std::uint64_t offset = 0; offset < segment_header_bytes; offset += block_bytes) {
        if (!file->read(offset, block)) continue;
        readable = true;
        const Result<SegmentHeader> header = decode_segment_header(block);
        newer = newer || (!header && header.error().code == ErrorCode::unsupported);
        const bool named = header && segment_file_name(header->index) == entry.name;
        if (named && (!best || header->epoch > best->epoch)) best = *header;
      }
      if (best) {
        headers_.emplace(best->index, *best);
      } else if (newer) {
        trouble("version", fmt::format("{} was written by another version of the format than {}", entry.name,
                                       format_version));
      } else {
        trouble("header",
                fmt::format("{} has no header that {}", entry.name, readable ? "checks out" : "can be read"));
      }
    }
  }

  // A stray segment of another queue must not take over: the majority says which queue this is.
  void choose_queue() {
    std::map<QueueUuid, std::size_t> votes;
    for (const auto& [index, header] : headers_)
      ++votes[header.uuid];
    report_.uuid = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) {
                     return a.second < b.second;
                   })->first;
    for (auto it = headers_.begin(); it != headers_.end();) {
      if (it->second.uuid == report_.uuid) {
        report_.segments = it->second.segments;
        report_.segment_bytes = it->second.segment_bytes;
        ++it;
        continue;
      }
      trouble("other queue", fmt::format("{} is of another queue", segment_file_name(it->first)));
      it = headers_.erase(it);
    }
  }

  void look_for_files(const std::vector<Disk::Entry>& entries) {
    const auto find = [&](const std::string& name) {
      return std::find_if(entries.begin(), entries.end(),
                          [&](const Disk::Entry& entry) { return entry.name == name; });
    };
    for (std::uint32_t i = 0; i < report_.segments; ++i) {
      const auto file = find(segment_file_name(i));
      if (file == entries.end()) {
        trouble("absent", fmt::format("{} is not there", segment_file_name(i)));
      } else if (file->bytes != report_.segment_bytes) {
        trouble("size", fmt::format("{} is {} bytes long instead of {}", file->name, file->bytes,
                                    report_.segment_bytes));
      }
    }
    for (const char* name : {"ack-0", "ack-1"}) {
      const auto file = find(name);
      if (file == entries.end()) {
        trouble("absent", fmt::format("{} is not there", name));
      } else if (file->bytes != acknowledgement_file_bytes) {
        trouble("size", fmt::format("{} is {} bytes long instead of {}", name, file->bytes,
                                    acknowledgement_file_bytes));
      } else if (const auto owner = owner_of(name); owner && *owner != report_.uuid) {
        trouble("other queue", fmt::format("{} is of another queue", name));
      }
    }
  }

  void look_at(const SegmentHeader& header) {
    const std::unique_ptr<DiskFile> file = open(segment_file_name(header.index));
    if (!file)
      return trouble("unreadable", fmt::format("{} cannot be opened", segment_file_name(header.index)));
    visit_segment(*file, header,
                  {[&](std::uint64_t, const DecodedRecord& record) { look_at(record); },
                   [&](std::uint64_t, const FrameHeader& frame) { torn_.add(frame.number); }});
  }

  void look_at(const DecodedRecord& found) {
    const std::uint64_t number = found.header.number;
    ++report_.records;
    const Result<RecordHead> head = decode_head(found.record.head);
    if (!head) {
      ++report_.signatures_bad;
      trouble("head",
              fmt::format("record {} has a head that cannot be read: {}", number, head.error().message));
      seen_[number];
      return;
    }
    const bool signed_well = std::any_of(devices_.begin(), devices_.end(), [&](const PublicKey& key) {
      return signature_good(found.record.head, key);
    });
    ++(signed_well ? report_.signatures_good : report_.signatures_bad);
    if (!signed_well)
      trouble("signature",
              fmt::format("record {} is signed by none of the device's keys that were given", number));
    if (report_.device_id.empty()) report_.device_id = head->device_id;
    if (head->device_id != report_.device_id)
      trouble("device", fmt::format("record {} names device {}", number, head->device_id));
    if (head->number.value() != number || head->queue_uuid != report_.uuid ||
        head->type != found.header.type || head->record_class != found.header.record_class) {
      trouble("place", fmt::format("record {} has the head of another record", number));
    } else if (signed_well) {
      signed_.add(number);
    }
    bool parts_good = true;
    for (const SealedPart& part : found.record.parts) {
      if (check_part(*head, part.kind, part.bytes)) continue;
      parts_good = false;
      trouble("part", fmt::format("record {} has a part that its head does not name", number));
    }
    bool thinned = false;
    for (const RecordHead::Part& part : head->parts) {
      if (found.record.part(part.kind) != nullptr) continue;
      thinned = thinned || part.kind == PartKind::overview;
      if (part.kind != PartKind::overview)
        trouble("part", fmt::format("record {} lacks a part that its head names", number));
    }
    Seen one{chain_hash(found.record.head), head->previous,
             static_cast<std::uint32_t>(found.header.stored_bytes()), true};
    const auto [it, fresh] = seen_.emplace(number, one);
    if (!fresh) {
      // A record that gave up its overview may stand beside the whole one.
      if (it->second.readable_head && it->second.hash != one.hash)
        trouble("twice", fmt::format("two different records have the number {}", number));
      if (one.bytes > it->second.bytes) {
        it->second = one;
        thinned_.erase(number);
      } else {
        thinned = false;
      }
    }
    if (thinned) thinned_.insert(number);
    // What nobody signed tells nothing.
    if (signed_well && parts_good) {
      for (const Gap& gap : found.gaps)
        told_.push_back(gap);
    }
  }

  void account() {
    report_.without_overview = thinned_.size();
    NumberSet present;
    std::uint64_t highest = settled_.chain.number.value();
    for (const auto& [number, record] : seen_)
      present.add(number);
    std::map<GapReason, NumberSet> told;
    for (const Gap& gap : told_)
      told[gap.reason].add(gap.numbers);
    const std::array<const NumberSet*, number_fates - 1> by_fate = {&present,
                                                                    &settled_.numbers,
                                                                    &told[GapReason::evicted],
                                                                    &told[GapReason::expired],
                                                                    &told[GapReason::damaged],
                                                                    &told[GapReason::interrupted],
                                                                    &told[GapReason::rolled_back],
                                                                    &torn_};
    for (const NumberSet* set : by_fate) {
      if (const std::vector<NumberRange> ranges = set->ranges(SIZE_MAX); !ranges.empty())
        highest = std::max(highest, ranges.back().last);
    }
    unchained_ = told[GapReason::interrupted];
    for (const NumberRange& range : told[GapReason::rolled_back].ranges(SIZE_MAX))
      unchained_.add(range);
    // In the order in which they decide. Told counts more than there: a number that was given up may still
    // lie where nothing was written over it.
    constexpr std::array order = {NumberFate::evicted,     NumberFate::expired,     NumberFate::damaged,
                                  NumberFate::interrupted, NumberFate::rolled_back, NumberFate::acknowledged,
                                  NumberFate::present,     NumberFate::torn};
    NumberSet done;
    if (highest == 0) return;
    const auto assign = [&](const NumberRange& range, NumberFate fate) {
      for (const NumberRange& part : done.missing(range)) {
        report_.numbers.push_back({part.first, part.last, fate});
        report_.counts.at(static_cast<std::size_t>(fate)) += part.last - part.first + 1;
      }
      done.add(range);
    };
    for (const NumberFate fate : order) {
      for (const NumberRange& range : by_fate.at(static_cast<std::size_t>(fate))->ranges(SIZE_MAX))
        assign(range, fate);
    }
    for (const NumberRange& range : done.missing({1, highest}))
      assign(range, NumberFate::missing);
    std::sort(report_.numbers.begin(), report_.numbers.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const QueueReport::Range& range : report_.numbers) {
      if (range.fate == NumberFate::torn || range.fate == NumberFate::missing)
        unaccounted_.add(NumberRange{range.first, range.last});
      if (range.fate == NumberFate::acknowledged) count_unsigned({range.first, range.last});
    }
  }

  // Of a busy camera the segments of old records are long written over, and the block alone remembers them.
  // The newest record stays: what is said to have been delivered after it is an empty claim.
  void count_unsigned(const NumberRange& acknowledged) {
    const std::vector<NumberRange> present = signed_.ranges(SIZE_MAX);
    const std::uint64_t newest = present.empty() ? 0 : present.back().last;
    for (const NumberRange& range : signed_.missing(acknowledged)) {
      report_.unsigned_acknowledged += range.last - range.first + 1;
      if (range.last > newest) report_.unsigned_newest += range.last - std::max(range.first, newest + 1) + 1;
    }
  }

  void check_chain() {
    std::uint64_t before = 0;
    Sha256 hash{};
    const auto broken = [&](std::uint64_t number) {
      if (report_.links_broken++ == 0) report_.first_break = number;
    };
    for (const auto& [number, record] : seen_) {
      // Sealed for a write that failed, and sealed again under another number: nothing was chained onto it.
      if (unchained_.contains(number) || !record.readable_head) continue;
      const auto between =
          before + 1 < number ? unchained_.missing({before + 1, number - 1}) : std::vector<NumberRange>{};
      if (between.empty()) {
        if (record.previous == hash) {
          ++report_.links_good;
        } else {
          broken(number);
        }
      } else {
        const bool known = std::all_of(between.begin(), between.end(), [&](const NumberRange& range) {
          const std::vector<NumberRange> rest = unaccounted_.missing(range);
          return rest.size() == 1 && rest.front() == range;
        });
        ++(known ? report_.links_gapped : report_.links_unknown);
      }
      before = number;
      hash = record.hash;
    }
    const ChainHead& chain = settled_.chain;
    const auto last = seen_.find(chain.number.value());
    if (last != seen_.end() && last->second.readable_head && last->second.hash != chain.hash)
      broken(chain.number.value());
  }

  void conclude() {
    const auto count = [&](NumberFate fate) { return report_.counts.at(static_cast<std::size_t>(fate)); };
    const std::uint64_t lost = count(NumberFate::torn) + count(NumberFate::missing);
    const bool proved = report_.signatures_good != 0;
    std::vector<std::string> wrong;
    if (!proved) wrong.push_back("no record that this device signed is there, so that nothing is proved");
    if (lost != 0) wrong.push_back(fmt::format("{} numbers are not accounted for", lost));
    if (report_.signatures_bad != 0)
      wrong.push_back(fmt::format("{} records are not signed by this device", report_.signatures_bad));
    if (report_.links_broken != 0)
      wrong.push_back(fmt::format("the chain is broken at {}", report_.first_break));
    if (proved && report_.unsigned_newest != 0) {
      wrong.push_back(
          fmt::format("{} numbers are called acknowledged after the newest record that is there: what "
                      "followed it was taken away, or has rotted",
                      report_.unsigned_newest));
    }
    if (report_.trouble != 0 && (wrong.empty() || (!proved && wrong.size() == 1)))
      wrong.push_back(fmt::format("{} things are wrong with the directory", report_.trouble));
    report_.good = wrong.empty();
    report_.verdict =
        report_.good
            ? "good: every number is accounted for, and everything that is there is signed and chained"
            : fmt::format("not good: {}", fmt::join(wrong, "; "));
    if (const std::uint64_t claimed = report_.unsigned_acknowledged; claimed != 0) {
      report_.verdict += fmt::format(
          "; {} number{} acknowledged by a block that anybody can write, the record{} no longer there: ask "
          "the "
          "back office's check",
          claimed, claimed == 1 ? " is" : "s are", claimed == 1 ? " is" : "s are");
    }
  }

  Disk& disk_;
  const std::vector<PublicKey>& devices_;
  QueueReport report_;
  std::map<std::string, std::uint64_t> kinds_;
  std::map<std::uint32_t, SegmentHeader> headers_;
  Settled settled_;
  std::map<std::uint64_t, Seen> seen_;
  std::set<std::uint64_t> thinned_;
  NumberSet signed_;
  NumberSet torn_;
  NumberSet unchained_;  // nothing was chained onto them
  NumberSet unaccounted_;
  Gaps told_;
};

}  // namespace

Result<QueueReport> verify_queue(const std::filesystem::path& directory,
                                 const std::vector<PublicKey>& devices, const VerifyProgress& progress) {
  const Result<std::unique_ptr<Disk>> disk = open_read_only_disk(directory);
  if (!disk) return fail(disk.error());
  return Examination(**disk, devices).run(directory, progress);
}

}  // namespace wayside
