#include "wayside/device/wipe/wipe.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/bytes.hpp"
#include "wayside/base/descriptor.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/remove_any.hpp"
#include "wayside/base/shared_folder.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/device/wipe/destroy.hpp"
#include "src/device/wipe/free_space.hpp"
#include "src/device/wipe/receipt.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;
using namespace wipe_parts;

constexpr std::string_view under_way_name = "under-way";
constexpr std::string_view requested_name = "requested";

// Not a link: where it leads to is nobody's word.
bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(fs::symlink_status(path, ignored));
}

// Whoever shares the folder can put a file there, and a wipe does what this one says: only root's counts, or
// that of whoever asks, and only where nobody else could have written it.
bool is_trusted(const fs::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && is_ours(info) &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Whoever was the camera's user can have put something else in its place.
Status make_own_folder(const fs::path& folder, bool& unwritten) {
  struct stat info {};
  const bool there = ::lstat(folder.c_str(), &info) == 0;
  const bool leads_on = S_ISDIR(info.st_mode) || (S_ISLNK(info.st_mode) && is_ours(info));
  if (there && !leads_on) (void)wipe_parts::destroy({"in its place", folder}, {}, [&] { unwritten = true; });
  return make_shared_folder(folder);
}

std::optional<WipeRequest> requested_in(const fs::path& folder) {
  const fs::path path = folder / requested_name;
  if (!is_file(path)) return std::nullopt;
  const auto text = read_text_file(path, largest_under_way_bytes);
  const auto request = text ? wipe_request_from(*text) : fail(text.error());
  return request ? std::optional(*request) : std::nullopt;
}

std::string device_id_in(const fs::path& identity) {
  const auto text = read_text_file(identity / "device-id", 64);
  std::string id = text ? *text : std::string();
  while (id.ends_with('\n'))
    id.pop_back();
  const bool good = id.size() == 16 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return good ? id : std::string("unknown");
}

// The first that is free: an earlier wipe's receipt is nobody's to write over.
std::string free_receipt(const fs::path& folder) {
  for (int number = 1; number < 10'000; ++number) {
    std::string name = fmt::format("receipt-{:04}.json", number);
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(folder / name, ignored))) return name;
  }
  return "receipt.json";
}

Moment moment(const Clock& clock, const std::string& boot_id) {
  return {{clock.monotonic_now(), clock.utc_now()}, clock.quality(), boot_id};
}

// But for those that it has.
void add_things(UnderWay& under_way, std::vector<WipeThing> things) {
  for (WipeThing& thing : things) {
    const bool known = std::any_of(under_way.things.begin(), under_way.things.end(),
                                   [&](const WipeThing& other) { return other.path == thing.path; });
    if (known) continue;
    under_way.known.push_back({what_it_lies_on(thing.path)});
    under_way.things.push_back(std::move(thing));
  }
}

UnderWay begin(const WipeOptions& options, const WipeRequest& request, std::vector<WipeThing> things,
               const Clock& clock, std::vector<std::string>& problems) {
  std::stable_sort(things.begin(), things.end(),
                   [](const WipeThing& a, const WipeThing& b) { return a.keys && !b.keys; });
  UnderWay under_way;
  add_things(under_way, std::move(things));
  std::vector<Found> found;
  for (const WipeThing& thing : under_way.things)
    found.push_back(count(thing));
  const Result<Secret> device = load_signing_seed(options.identity);
  if (!device) {
    problems.push_back(fmt::format("the receipt proves nothing, since the device's key cannot be used: {}",
                                   device.error().message));
  }
  under_way.own = Secret::random();
  under_way.receipt = receipt_line(device_id_in(options.identity), moment(clock, options.boot_id), request,
                                   under_way.things, found, device ? &*device : nullptr, under_way.own);
  under_way.file = free_receipt(options.folder);
  return under_way;
}

class UnderWayFile {
 public:
  explicit UnderWayFile(const fs::path& folder) : path_(folder / under_way_name) {}

  std::optional<UnderWay> load() const {
    if (!is_trusted(path_)) return std::nullopt;
    Result<std::string> text = read_text_file(path_, largest_under_way_bytes, Links::refused);
    if (!text) return std::nullopt;
    Result<UnderWay> under_way = under_way_from(*text);
    wipe(*text);
    if (!under_way) return std::nullopt;
    return std::move(*under_way);
  }
  Status keep(const UnderWay& under_way) const {
    std::string text = to_text(under_way);
    const Status kept = replace_file(path_, as_bytes(text), 0600);
    wipe(text);
    return kept;
  }
  // It holds the key that signs the completion.
  void destroy() const {
    if (is_file(path_)) (void)wipe_parts::destroy({"under way", path_, true}, {});
  }

 private:
  fs::path path_;
};

// What lies within another thing counts once.
std::uint64_t bytes_of(const std::vector<WipeThing>& things) {
  std::uint64_t bytes = 0;
  for (const WipeThing& thing : things) {
    const bool within = std::any_of(things.begin(), things.end(), [&](const WipeThing& other) {
      const fs::path& outer = other.path;
      return outer != thing.path && other.but_for.empty() &&
             std::mismatch(outer.begin(), outer.end(), thing.path.begin(), thing.path.end()).first ==
                 outer.end();
    });
    if (!within) bytes += count(thing).bytes;
  }
  return bytes;
}

void add_problem(std::vector<std::string>& problems, std::string sentence) {
  if (std::find(problems.begin(), problems.end(), sentence) == problems.end())
    problems.push_back(std::move(sentence));
}

}  // namespace

fs::path wipe_folder(const fs::path& state) {
  return state / "wipe";
}

std::vector<WipeThing> things_to_wipe(const fs::path& state) {
  const fs::path identity = state / "identity";
  std::vector<WipeThing> things = {
      {"device key", identity / "device.key", true},
      // Whatever else may be a secret: recipients, the authority, where the camera looked.
      {"watch lists", identity / "watchlists", false},
      {"identity", identity, false},
      {"queue", state / "queue", false},
      // Whoever was the camera's user could have kept anything there.
      {"fetched update", state / "update" / "incoming", false},
      // What the console left for waysided to take.
      {"accounts", state / "accounts", false},
      {"configuration", state / "config", false},
  };
  // Nor could anything else that lies there be anybody's but who put it there unasked, or a power cut's.
  things.push_back({"other files of updates", state / "update", false, {"incoming"}, true});
  things.push_back(
      {"other files", state, false, {"identity", "queue", "update", "accounts", "config", "audit", "wipe"}});
  things.push_back({"audit trail", state / "audit", false});
  things.push_back({"wipe's folder", wipe_folder(state), false, {}, true});
  return things;
}

Status request_wipe(const fs::path& folder, const WipeRequest& request) {
  if (const Status made = make_shared_folder(folder); !made) return made;
  // What a stranger left there, and who asks may not remove, root's program sees to.
  const auto cleared = remove_false_requests(folder);
  const Status put = replace_file(folder / requested_name, as_bytes(to_text(request)), shared_file_mode);
  return put || cleared ? put : fail(cleared.error());
}

bool is_wipe_due(const fs::path& folder) {
  return is_trusted(folder / under_way_name) || requested_in(folder);
}

Result<std::vector<std::string>> remove_false_requests(const fs::path& folder) {
  std::vector<std::string> removed;
  for (const std::string_view name : {requested_name, under_way_name}) {
    const fs::path path = folder / name;
    std::error_code ignored;
    const bool counts = name == requested_name ? requested_in(folder).has_value() : is_trusted(path);
    if (counts || !fs::exists(fs::symlink_status(path, ignored))) continue;
    if (const Status gone = remove_any(path); !gone) return fail(gone.error());
    removed.push_back(
        fmt::format("{} was removed: it asks for no wipe, and is not Wayside's", json_escape(path.string())));
  }
  return removed;
}

Result<WipeResult> wipe_camera(const WipeOptions& options, const WipeRequest& request,
                               const std::vector<WipeThing>& things, const Clock& clock,
                               const std::function<void(const WipeProgress&)>& progress) {
  WipeResult result;
  // Whatever is wrong with the wipe's own folder: what is to be destroyed is destroyed.
  bool unwritten_before = false;
  Status made = make_own_folder(options.folder, unwritten_before);
  const auto lock = made ? FolderLock::take(options.folder) : fail(made.error());
  if (!lock) add_problem(result.problems, lock.error().message);
  // Of one that was killed: the key that signs how it ended.
  remove_leftovers(options.folder);
  const auto cleared = remove_false_requests(options.folder);
  if (!cleared) add_problem(result.problems, cleared.error().message);
  for (const std::string& sentence : cleared ? *cleared : std::vector<std::string>())
    add_problem(result.problems, sentence);
  const UnderWayFile file(options.folder);
  std::optional<UnderWay> under_way = file.load();
  result.resumed = under_way.has_value();
  const std::size_t begun = under_way ? under_way->things.size() : 0;
  if (under_way) {
    add_things(*under_way, things);
  } else {
    const std::optional<WipeRequest> requested = requested_in(options.folder);
    under_way = begin(options, requested.value_or(request), things, clock, result.problems);
  }
  for (std::size_t i = 0; i < under_way->things.size(); ++i)
    under_way->known[i].unwritten |= unwritten_before && under_way->things[i].path == options.folder;
  if (const Status kept = file.keep(*under_way); !kept) {
    add_problem(result.problems,
                fmt::format("a power cut would stop it for good, since it cannot be put down that it "
                            "has begun: {}",
                            kept.error().message));
  } else {
    (void)remove_file(options.folder / requested_name);
  }

  WipeProgress at;
  at.of_bytes = bytes_of(under_way->things);
  const auto more = [&](std::uint64_t bytes) {
    at.done_bytes += bytes;
    if (progress) progress(at);
  };
  // What an earlier try left is tried again, and what it destroyed may have been written since.
  std::vector<Outcome>& outcomes = under_way->outcomes;
  const std::size_t before = outcomes.size();
  for (std::size_t i = 0; i < under_way->things.size(); ++i) {
    const WipeThing& thing = under_way->things[i];
    at.thing = thing.name;
    if (progress) progress(at);
    Known& known = under_way->known[i];
    Outcome outcome = destroy(thing, more, [&] {
      known.unwritten = true;
      (void)file.keep(*under_way);
    });
    const bool gone = outcome.result == "absent";
    const bool tried = i < outcomes.size();
    if (!tried) outcomes.push_back({thing.name, "absent", {}});
    Outcome& told = outcomes[i];
    const bool was_left = tried && told.result == "left";
    const bool of_before = gone && i < begun && (was_left || !tried);
    if (of_before && what_it_lies_on(thing.path) != known.lies_on) {
      told = {thing.name, "left",
              fmt::format("what {} lay on is not there any more: mount it, and run wayside-wipe --begun",
                          json_escape(thing.path.string()))};
    } else if (was_left && gone) {
      // By whom, nobody knows.
      told = {thing.name, "removed", {}};
    } else if (of_before && i == before) {
      // The power went while this one was being destroyed.
      told = {thing.name, "destroyed", outcome.problem};
    } else if (!tried || !gone) {
      told = std::move(outcome);
    }
    if (known.unwritten && told.result != "left") told.result = "removed";
    (void)file.keep(*under_way);
  }

  at.thing = free_space;
  if (progress) progress(at);
  std::vector<Outcome> all = outcomes;
  all.push_back(destroy_free_space(options.folder.parent_path()));
  result.complete = true;
  for (const Outcome& one : all) {
    if (!one.problem.empty()) add_problem(result.problems, fmt::format("{}: {}", one.name, one.problem));
    result.complete = result.complete && one.result != "left";
  }
  result.overwritten = all_overwritten(all);
  result.receipt_text =
      fmt::format("{}\n{}\n", under_way->receipt,
                  completion_line(under_way->receipt, moment(clock, options.boot_id), all, under_way->own));
  if (!made) (void)make_shared_folder(options.folder);
  const fs::path receipt = options.folder / under_way->file;
  if (const Status kept = replace_file(receipt, as_bytes(result.receipt_text), 0644); kept) {
    result.receipt = receipt;
  } else {
    add_problem(result.problems, fmt::format("the receipt could not be kept: {}", kept.error().message));
  }
  if (result.complete) {
    file.destroy();
    if (const Status gone = remove_any(options.folder / requested_name); !gone)
      add_problem(result.problems, gone.error().message);
  }
  // Until then what was changed of inodes and names is in the journal alone, and what was there before in its
  // place.
  if (const Descriptor here(::open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); here)
    (void)::syncfs(here.get());
  return result;
}

}  // namespace wayside
