#include "src/delivery/queue/formatting.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <sodium.h>

#include "wayside/base/log.hpp"

#include "src/delivery/queue/acknowledgements.hpp"

namespace wayside::flash {

namespace {

Status check_sizes(const QueueOptions& options) {
  if (!can_be_segments(options.segments)) {
    return fail(ErrorCode::invalid_input, fmt::format("queue segments = {}: must be {} to {}",
                                                      options.segments, fewest_segments, most_segments));
  }
  if (!can_be_segment_bytes(options.segment_bytes)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("queue segment_bytes = {}: must be a multiple of {} from {} to {}",
                            options.segment_bytes, block_bytes, smallest_segment, largest_segment));
  }
  if (options.protected_segments > options.segments - 2) {
    return fail(ErrorCode::invalid_input,
                fmt::format("queue protected_segments = {} of {} segments: leave two at least, one for the "
                            "reads and one free",
                            options.protected_segments, options.segments));
  }
  return {};
}

// The index a segment's file name states; nothing: no such name.
std::optional<std::uint32_t> segment_index(const std::string& name) {
  if (name.size() != 8 || name.rfind("seg-", 0) != 0) return std::nullopt;
  std::uint32_t index = 0;
  for (const char digit : name.substr(4)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    index = index * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return index;
}

bool is_ours(const std::string& name) {
  // A partition of its own has lost+found.
  return segment_index(name) || name == Acknowledgements::file_name(0) ||
         name == Acknowledgements::file_name(1) || name == "lost+found";
}

// The first thing that kept a file from being looked at. What cannot be looked at may hold records: nothing
// is made anew over it.
using Trouble = std::optional<Error>;

void note(Trouble& trouble, const Error& error) {
  if (!trouble) trouble = error;
}

// A full queue's start reads a few blocks of each of a thousand files. Asked for all at once they come many
// at a time, not one after the other.
void announce_reads(Disk& disk, const std::vector<Disk::Entry>& entries) {
  // Of a table of contents: as much as a thousand records take; what goes beyond is read when it is needed.
  constexpr std::uint64_t table = contents_bytes(1000);
  for (const Disk::Entry& entry : entries) {
    if (!segment_index(entry.name)) continue;
    const Result<std::unique_ptr<DiskFile>> file = disk.open(entry.name);
    if (!file) continue;  // whoever reads it says so
    (*file)->will_read(0, segment_header_bytes);
    (*file)->will_read(entry.bytes - std::min(entry.bytes, table), table);
  }
}

// The newer of a segment file's two headers. not_found: it has none.
Result<SegmentHeader> read_header(Disk& disk, const Disk::Entry& entry,
                                  const std::filesystem::path& directory, Trouble& trouble) {
  Result<SegmentHeader> best = fail(ErrorCode::not_found, "no readable header");
  Result<std::unique_ptr<DiskFile>> file = disk.open(entry.name);
  if (!file) {
    note(trouble, file.error());
    return best;
  }
  Bytes block(block_bytes);
  const std::uint64_t end = std::min(segment_header_bytes, entry.bytes / block_bytes * block_bytes);
  for (std::uint64_t offset = 0; offset < end; offset += block_bytes) {
    if (const Status read = (*file)->read(offset, block); !read) {
      note(trouble, read.error());
      continue;
    }
    Result<SegmentHeader> header = decode_segment_header(block);
    if (!header && header.error().code == ErrorCode::unsupported) {
      return fail(
          ErrorCode::unsupported,
          fmt::format("{} was written by another version of this program, which uses another format than "
                      "version {}: run that version until its queue is empty, or name another directory",
                      (directory / entry.name).string(), format_version));
    }
    if (header && (!best || header->epoch > best->epoch)) best = std::move(header);
  }
  return best;
}

// Whose the acknowledgement blocks are. They are the last thing that formatting writes, so one of them shows
// that it was finished.
std::vector<QueueUuid> acknowledgement_owners(Disk& disk, const std::vector<Disk::Entry>& entries,
                                              Trouble& trouble) {
  std::vector<QueueUuid> owners;
  Bytes bytes(acknowledgement_file_bytes);
  for (const int which : {0, 1}) {
    const std::string name = Acknowledgements::file_name(which);
    const bool whole = std::any_of(entries.begin(), entries.end(), [&](const Disk::Entry& entry) {
      return entry.name == name && entry.bytes >= acknowledgement_file_bytes;
    });
    if (!whole) continue;
    const Result<std::unique_ptr<DiskFile>> file = disk.open(name);
    const Status read = file ? (*file)->read(0, bytes) : Status(fail(file.error()));
    if (!read) {
      note(trouble, read.error());
      continue;
    }
    if (const Result<QueueUuid> owner = acknowledgement_owner(bytes)) owners.push_back(*owner);
  }
  return owners;
}

// Whether there is anything in the beginning of the files: where formatting was cut short, there are noughts.
bool hold_anything(Disk& disk, const std::vector<Disk::Entry>& entries) {
  Bytes block(block_bytes);
  return std::any_of(entries.begin(), entries.end(), [&](const Disk::Entry& entry) {
    if (!is_ours(entry.name) || entry.bytes < block_bytes) return false;
    const Result<std::unique_ptr<DiskFile>> file = disk.open(entry.name);
    return file && (*file)->read(0, block) &&
           std::any_of(block.begin(), block.end(), [](std::uint8_t byte) { return byte != 0; });
  });
}

// How many segments there are by their files, and of what size: as configured where these do not tell.
void take_sizes(const std::vector<Disk::Entry>& entries, const QueueOptions& options, Survey& out) {
  out.segments = 0;
  out.segment_bytes = 0;
  bool equal = true;
  for (const Disk::Entry& entry : entries) {
    if (!segment_index(entry.name)) continue;
    if (out.segments == 0 && entry.bytes <= largest_segment)
      out.segment_bytes = static_cast<std::uint32_t>(entry.bytes);
    equal = equal && entry.bytes == out.segment_bytes;
    ++out.segments;
  }
  if (equal && can_be_segments(out.segments) && can_be_segment_bytes(out.segment_bytes)) return;
  out.segments = options.segments;
  out.segment_bytes = options.segment_bytes;
}

// No segment says which queue this is. Where an acknowledgement block does, all that was in it is lost, but
// not that it was there.
Result<Survey> survey_without_segments(Disk& disk, const std::vector<Disk::Entry>& entries,
                                       const QueueOptions& options) {
  Survey out;
  Trouble trouble;
  const std::vector<QueueUuid> owners = acknowledgement_owners(disk, entries, trouble);
  if (owners.empty() && trouble) return fail(*trouble);
  if (owners.empty()) {
    out.was_something = hold_anything(disk, entries);
    if (out.was_something) log::error("queue_unreadable", {{"made_anew", true}});
    return out;
  }
  if (Status ok = check_sizes(options); !ok) return fail(ok.error());
  out.formatted = true;
  out.uuid = owners.front();
  take_sizes(entries, options, out);
  out.headers.resize(out.segments);
  log::error("queue_segments_lost", {{"segments", out.segments}});
  return out;
}

SegmentHeader blank_header(const Survey& queue, std::uint32_t index) {
  SegmentHeader header;
  header.uuid = queue.uuid;
  header.index = index;
  header.segments = queue.segments;
  header.segment_bytes = queue.segment_bytes;
  return header;
}

// What is left of a larger queue that was not made to its end would outvote this one at the next start.
Status remove_segments_from(Disk& disk, std::uint32_t first) {
  const Result<std::vector<Disk::Entry>> entries = disk.list();
  if (!entries) return fail(entries.error());
  for (const Disk::Entry& entry : *entries) {
    const std::optional<std::uint32_t> index = segment_index(entry.name);
    if (!index || *index < first) continue;
    if (Status ok = disk.remove(entry.name); !ok) return ok;
  }
  return {};
}

tl::unexpected<Error> no_room(const QueueOptions& options, const std::string& why) {
  return fail(
      ErrorCode::exhausted,
      fmt::format(
          "the queue needs {} bytes in {} and the device has no room for them: make room, or set fewer "
          "or smaller segments ({})",
          std::uint64_t{options.segments} * options.segment_bytes + 2 * acknowledgement_file_bytes,
          options.directory.string(), why));
}

// Before anything is written: whoever finds out on a full device writes it full again at each start.
Status check_room(const Disk& disk, const QueueOptions& options) {
  const std::optional<std::uint64_t> room = disk.room();
  const Result<std::vector<Disk::Entry>> entries = disk.list();
  if (!entries) return fail(entries.error());
  if (!room) return {};
  std::uint64_t free = *room;
  for (const Disk::Entry& entry : *entries) {
    // Written anew, removed, or as large already.
    if (segment_index(entry.name)) free += entry.bytes;
  }
  const std::uint64_t for_segments = free - std::min(free, std::uint64_t{2 * acknowledgement_file_bytes});
  const std::uint64_t fit = for_segments / options.segment_bytes;
  if (fit >= options.segments) return {};
  return no_room(options, fmt::format("{} bytes are free, as much as {} segments", free, fit));
}

// made: the files that were begun, for whoever has to take them away again.
Result<Survey> make_all(Disk& disk, const QueueOptions& options, const Survey& found,
                        std::vector<std::string>& made) {
  Survey queue{true, {}, options.segments, options.segment_bytes, false, {}, found.blank};
  randombytes_buf(queue.uuid.data(), queue.uuid.size());
  if (Status ok = remove_segments_from(disk, options.segments); !ok) return fail(ok.error());
  for (std::uint32_t i = 0; i < options.segments; ++i) {
    made.push_back(segment_file_name(i));
    if (Status ok = make_segment(disk, options, queue, i); !ok) return fail(ok.error());
    queue.headers.emplace_back(blank_header(queue, i));
  }
  std::unique_ptr<DiskFile> files[2];
  for (const int which : {0, 1}) {
    const std::string name = Acknowledgements::file_name(which);
    made.push_back(name);
    if (Status ok = disk.create(name, acknowledgement_file_bytes); !ok) return fail(ok.error());
    Result<std::unique_ptr<DiskFile>> file = disk.open(name);
    if (!file) return fail(file.error());
    files[which] = std::move(*file);
  }
  Acknowledgements blocks(std::move(files[0]), std::move(files[1]));
  if (Status ok = blocks.store(queue.uuid, Settled{}); !ok) return fail(ok.error());
  return queue;
}

}  // namespace

std::string segment_file_name(std::uint32_t index) {
  return fmt::format("seg-{:04}", index);
}

Status make_segment(Disk& disk, const QueueOptions& options, const Survey& queue, std::uint32_t index) {
  const std::string name = segment_file_name(index);
  if (!queue.blank.contains(index)) {
    if (Status ok = disk.create(name, queue.segment_bytes); !ok) return ok;
  }
  Result<std::unique_ptr<DiskFile>> file = disk.open(name);
  if (!file) return fail(file.error());
  Bytes headers(segment_header_bytes);
  const std::span<std::uint8_t> both(headers);
  const SegmentHeader header = blank_header(queue, index);
  encode(header, both.first(block_bytes));
  encode(header, both.subspan(block_bytes));
  if (Status ok = (*file)->write(0, headers); !ok) return ok;
  if (Status ok = (*file)->sync(); !ok) return ok;
  if (!options.on_segment_made || options.on_segment_made(index + 1, queue.segments)) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("the queue in {} is made up to segment {} of {}, where it was given up; it goes on "
                          "from there when it is opened again",
                          options.directory.string(), index + 1, queue.segments));
}

Result<Survey> survey(Disk& disk, const QueueOptions& options) {
  const Result<std::vector<Disk::Entry>> entries = disk.list();
  if (!entries) return fail(entries.error());
  announce_reads(disk, *entries);
  Survey out;
  std::map<std::uint32_t, SegmentHeader> headers;
  Trouble trouble;
  for (const Disk::Entry& entry : *entries) {
    if (!is_ours(entry.name)) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format("{} holds {:?}, which is no file of a queue: name a directory that is empty or holds a "
                      "queue only",
                      options.directory.string(), entry.name));
    }
    const std::optional<std::uint32_t> index = segment_index(entry.name);
    if (!index) continue;
    Result<SegmentHeader> header = read_header(disk, entry, options.directory, trouble);
    if (!header && header.error().code == ErrorCode::unsupported) return fail(header.error());
    if (!header || header->index != *index) continue;
    headers[*index] = *header;
    // The headers come after the noughts are on the device.
    if (header->epoch == 0 && header->segment_bytes == entry.bytes && entry.bytes == options.segment_bytes)
      out.blank.insert(*index);
  }

  // A stray segment of another queue must not take over: the majority says which queue this is.
  std::map<QueueUuid, std::size_t> votes;
  for (const auto& [index, header] : headers)
    ++votes[header.uuid];
  const auto winner = std::max_element(votes.begin(), votes.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (winner == votes.end())
    return trouble ? Result<Survey>(fail(*trouble)) : survey_without_segments(disk, *entries, options);
  out.uuid = winner->first;
  bool used = false;
  for (const auto& [index, header] : headers) {
    if (header.uuid != out.uuid) continue;
    out.segments = header.segments;
    out.segment_bytes = header.segment_bytes;
    used = used || header.epoch != 0;
  }
  const auto acknowledged = [&] {
    const std::vector<QueueUuid> owners = acknowledgement_owners(disk, *entries, trouble);
    return std::find(owners.begin(), owners.end(), out.uuid) != owners.end();
  };
  out.formatted = used || acknowledged();
  if (!out.formatted && trouble) return fail(*trouble);
  for (std::uint32_t i = 0; i < out.segments; ++i) {
    const auto it = headers.find(i);
    const bool known = it != headers.end() && it->second.uuid == out.uuid;
    out.headers.push_back(known ? std::optional(it->second) : std::nullopt);
  }
  return out;
}

Result<Survey> format(Disk& disk, const QueueOptions& options, const Survey& found) {
  if (Status ok = check_sizes(options); !ok) return fail(ok.error());
  if (Status ok = check_room(disk, options); !ok) return fail(ok.error());
  std::vector<std::string> begun;
  Result<Survey> made = make_all(disk, options, found, begun);
  if (made) {
    log::info("queue_formatted", {{"segments", made->segments}, {"segment_bytes", made->segment_bytes}});
    return made;
  }
  if (made.error().code == ErrorCode::unavailable) return made;
  // The last one may be another's that could not be written over: it is left where it holds anything.
  if (made.error().code != ErrorCode::exhausted && !begun.empty()) begun.pop_back();
  for (const std::string& name : begun)
    static_cast<void>(disk.remove(name));
  if (made.error().code != ErrorCode::exhausted) return made;
  return no_room(options, made.error().message);
}

}  // namespace wayside::flash
