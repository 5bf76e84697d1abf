#include "wayside/backoffice/updates.hpp"

#include <algorithm>
#include <fstream>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/remove_any.hpp"
#include "wayside/base/sha256_stream.hpp"
#include "wayside/device/update/update_version.hpp"

#include "src/backoffice/audit_file.hpp"
#include "src/backoffice/list_files.hpp"
#include "src/backoffice/piece_of_file.hpp"
#include "src/backoffice/signing_key.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t largest_offer_bytes = 4096;
constexpr std::string_view facts_end = ".json";

// mended_by: what makes good one that is damaged, where that is known.
Result<UpdateOffer> read_offer(const fs::path& file, std::string_view mended_by = {}) {
  const auto text = read_text_file(file, largest_offer_bytes);
  if (!text) return fail(text.error());
  auto offer = update_offer_from(*text);
  if (offer) return offer;
  Error damaged = offer.error().context(json_escape(file.string()));
  if (!mended_by.empty()) damaged.message += fmt::format(": {}", mended_by);
  return fail(std::move(damaged));
}

Status check_board_and_camera(const std::string& compatible, const std::string& camera) {
  if (!is_compatible(compatible)) {
    return fail(
        ErrorCode::invalid_input,
        "a board must be wayside- and its name, as in wayside-raspberrypi4 and as wayside-backoffice update "
        "list says");
  }
  if (camera == all_cameras || pem::is_device_id(camera)) return {};
  return fail(ErrorCode::invalid_input,
              "a device id must be 16 lower case hex digits, as in device.crt's name");
}

Json on_record(const UpdateOffer& offer) {
  Json said = to_json(offer);
  said.erase("bytes");
  return said;
}

// What is not there is well.
bool same_name(const UpdateOffer& one, const UpdateOffer& other) {
  return one.version == other.version && one.compatible == other.compatible;
}

std::string not_whole(const std::string& version) {
  return fmt::format(
      "the bundle of version {} is not here whole any more: add it again (wayside-backoffice update add)",
      version);
}

// Two names of one bundle, or two bundles of one name.
Error taken_already(const fs::path& office, const UpdateOffer& offer, const UpdateOffer& there) {
  if (!same_name(offer, there)) {
    return {ErrorCode::refused,
            fmt::format("this bundle is here already as {} for {}: give the wayside.update of its own build",
                        there.version, there.compatible)};
  }
  return {
      ErrorCode::refused,
      fmt::format("another bundle of version {} for {} is here already: give the new one a version of its "
                  "own (VERSION in CMakeLists.txt, before it is built), or let go of that one with "
                  "wayside-backoffice update remove {} --version {} --compatible {}",
                  there.version, there.compatible, office.string(), there.version, there.compatible)};
}

// What withdraws it from each of them.
std::string withdrawing(const fs::path& office, const std::string& compatible,
                        const std::vector<std::string>& from) {
  std::string from_cameras;
  std::string from_all;
  for (const std::string& to : from) {
    if (to == all_cameras)
      from_all = " --all";
    else
      from_cameras += " --device " + to;
  }
  const std::string command =
      fmt::format("wayside-backoffice update withdraw {} --compatible {}", office.string(), compatible);
  if (from_cameras.empty()) return command + from_all;
  return command + from_cameras + (from_all.empty() ? "" : ", and with" + from_all);
}

// Into its place once all of it is what was said of it.
Status copy_bundle(const fs::path& from, const UpdateOffer& offer, FileReplacement& to) {
  std::error_code failed;
  const bool is_file = fs::is_regular_file(from, failed);
  if (failed || !is_file) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no bundle {}: put it beside the file that --offer names",
                            json_escape(from.string())));
  }
  std::ifstream in(from, std::ios::binary);
  std::string part(std::size_t{1} << 20U, '\0');
  Sha256Stream hash;
  std::uint64_t bytes = 0;
  while (in && bytes <= offer.bytes) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    const ByteView got = as_bytes(part).first(static_cast<std::size_t>(in.gcount()));
    bytes += got.size();
    hash.add(got);
    if (const Status taken = to.append(got); !taken) return taken;
  }
  if (in.bad()) return fail(ErrorCode::io, fmt::format("cannot read {}", json_escape(from.string())));
  if (bytes == offer.bytes && to_hex(hash.finish()) == offer.sha256) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("{} is not the bundle that its offer tells of: copy both from one build",
                          json_escape(from.string())));
}

}  // namespace

fs::path Updates::bundle(const std::string& sha256) const {
  return folder_ / (sha256 + ".raucb");
}

bool Updates::is_whole(const UpdateOffer& offer) const {
  std::error_code absent;
  return fs::file_size(bundle(offer.sha256), absent) == offer.bytes && !absent;
}

fs::path Updates::facts(const std::string& sha256) const {
  return folder_ / (sha256 + std::string(facts_end));
}

fs::path Updates::given_file(const std::string& compatible, const std::string& to) const {
  return folder_ / "given" / compatible / to;
}

Result<UpdateOffer> Updates::add(const fs::path& offer_file, UtcTime now) const {
  auto offer = read_offer(offer_file);
  if (!offer) return fail(offer.error());
  if (offer->not_before) {
    return fail(ErrorCode::invalid_input, fmt::format("{}: not_before is said when it is given, not here",
                                                      json_escape(offer_file.string())));
  }
  if (const auto made = make_private_folder(folder_); !made) return fail(made.error());
  const FolderLock turn(folder_);
  if (!turn.held()) return fail(turn.held().error());
  remove_leftovers(folder_);  // each may be most of a bundle
  const auto all = bundles();
  if (!all) return fail(all.error());
  for (const UpdateOffer& there : *all) {
    if (there == *offer) break;  // copied anew: what is here may be damaged
    if (there.sha256 == offer->sha256 || same_name(there, *offer))
      return fail(taken_already(folder_.parent_path(), *offer, there));
  }
  auto copy = FileReplacement::begin(bundle(offer->sha256), 0600);
  if (!copy) return fail(copy.error());
  fs::path from = offer_file;
  from.replace_extension(".raucb");
  if (const auto copied = copy_bundle(from, *offer, *copy); !copied) return fail(copied.error());
  Json added = on_record(*offer);
  added["by"] = operator_name();
  if (const auto recorded = put_on_record(folder_, now, "added", added); !recorded)
    return fail(recorded.error());
  if (const auto kept = copy->commit(); !kept) return fail(kept.error());
  const auto told = replace_file(facts(offer->sha256), as_bytes(to_json(*offer).dump() + "\n"), 0600);
  return told ? std::move(offer) : fail(told.error());
}

Result<std::vector<UpdateOffer>> Updates::bundles() const {
  const auto paths = list_files::paths_in(folder_);
  if (!paths) return fail(paths.error());
  std::vector<UpdateOffer> all;
  for (const fs::path& path : *paths) {
    if (path.extension() != facts_end) continue;
    auto offer =
        read_offer(path, "remove that file, and add its bundle again (wayside-backoffice update add)");
    if (!offer) return fail(offer.error());
    all.push_back(std::move(*offer));
  }
  std::sort(all.begin(), all.end(), [](const UpdateOffer& a, const UpdateOffer& b) {
    return std::tuple(a.compatible, update_version_from(a.version)) <
           std::tuple(b.compatible, update_version_from(b.version));
  });
  return all;
}

Result<UpdateOffer> Updates::find(const std::string& version, const std::string& compatible) const {
  auto all = bundles();
  if (!all) return fail(all.error());
  for (UpdateOffer& offer : *all) {
    if (offer.version == version && offer.compatible == compatible) return std::move(offer);
  }
  return fail(
      ErrorCode::not_found,
      fmt::format("there is no bundle of version {} for {}: see wayside-backoffice update list, or run "
                  "wayside-backoffice update add",
                  json_escape(version), json_escape(compatible)));
}

Status Updates::give(const std::string& version, const std::string& compatible, const std::string& to,
                     std::optional<UtcTime> not_before, UtcTime now) const {
  if (const auto good = check_board_and_camera(compatible, to); !good) return good;
  if (const auto made = make_private_folder(folder_); !made) return made;
  const FolderLock turn(folder_);  // so that nobody removes it meanwhile
  if (!turn.held()) return turn.held();
  auto offer = find(version, compatible);
  if (!offer) return fail(offer.error());
  if (!is_whole(*offer)) return fail(ErrorCode::refused, not_whole(version));
  offer->not_before = not_before;
  offer->given = now;
  Json given = on_record(*offer);
  given["device_id"] = to;
  given["by"] = operator_name();
  if (const auto recorded = put_on_record(folder_, now, "given", given); !recorded) return recorded;
  const fs::path file = given_file(compatible, to);
  for (const fs::path& folder : {file.parent_path().parent_path(), file.parent_path()}) {
    if (const auto made = make_private_folder(folder); !made) return made;
  }
  remove_leftovers(file.parent_path());
  return replace_file(file, as_bytes(to_json(*offer).dump() + "\n"), 0600);
}

Status Updates::withdraw(const std::string& compatible, const std::string& from, UtcTime now) const {
  if (const auto good = check_board_and_camera(compatible, from); !good) return good;
  if (const auto made = make_private_folder(folder_); !made) return made;
  const FolderLock turn(folder_);  // so that nobody gives another meanwhile
  if (!turn.held()) return turn.held();
  const fs::path file = given_file(compatible, from);
  const auto offer = read_offer(file);
  if (!offer && offer.error().code == ErrorCode::not_found) {
    return fail(
        ErrorCode::not_found,
        fmt::format("no update for {} is given to {}: see wayside-backoffice update list", compatible, from));
  }
  // One that cannot be read is withdrawn all the same.
  Json withdrawn = offer ? on_record(*offer) : Json{{"compatible", compatible}};
  withdrawn["device_id"] = from;
  withdrawn["by"] = operator_name();
  if (const auto recorded = put_on_record(folder_, now, "withdrawn", withdrawn); !recorded) return recorded;
  return remove_any(file);
}

Status Updates::remove(const std::string& version, const std::string& compatible, UtcTime now) const {
  if (const auto made = make_private_folder(folder_); !made) return made;
  const FolderLock turn(folder_);
  if (!turn.held()) return turn.held();
  const auto offer = find(version, compatible);
  if (!offer) return fail(offer.error());
  const auto all = given();
  if (!all) return fail(all.error());
  std::vector<std::string> cameras;
  for (const Given& one : *all) {
    if (one.offer.sha256 == offer->sha256) cameras.push_back(one.to);
  }
  if (!cameras.empty()) {
    return fail(
        ErrorCode::refused,
        fmt::format("version {} for {} is given to {}: withdraw it first, with {}", version, compatible,
                    fmt::join(cameras, ", "), withdrawing(folder_.parent_path(), compatible, cameras)));
  }
  Json removed = on_record(*offer);
  removed["by"] = operator_name();
  if (const auto recorded = put_on_record(folder_, now, "removed", removed); !recorded) return recorded;
  // What is said of it goes last: broken off in between, it is still listed and is removed again.
  if (const auto gone = remove_any(bundle(offer->sha256)); !gone) return gone;
  return remove_any(facts(offer->sha256));
}

Result<std::vector<Updates::Given>> Updates::given() const {
  const auto boards = list_files::paths_in(folder_ / "given");
  if (!boards) return fail(boards.error());
  std::vector<Given> all;
  for (const fs::path& board : *boards) {
    const auto cameras = list_files::paths_in(board);
    if (!cameras) return fail(cameras.error());
    for (const fs::path& camera : *cameras) {
      std::string to = camera.filename().string();
      if (to != all_cameras && !pem::is_device_id(to)) continue;  // what a power cut left of writing one
      auto offer = read_offer(camera, "withdraw it (wayside-backoffice update withdraw), and give it again");
      if (!offer) return fail(offer.error());
      all.push_back({std::move(to), std::move(*offer)});
    }
  }
  return all;
}

Result<std::optional<UpdateOffer>> Updates::offer_for(const std::string& device_id,
                                                      const std::string& compatible) const {
  if (!is_compatible(compatible)) return std::nullopt;
  for (const std::string& to : {device_id, std::string(all_cameras)}) {
    auto offer = read_offer(given_file(compatible, to));
    if (offer) return std::optional(std::move(*offer));
    if (offer.error().code != ErrorCode::not_found) return fail(offer.error());
  }
  return std::nullopt;
}

Result<std::string> Updates::piece(const Asking& who, const std::string& compatible,
                                   const std::string& sha256, std::uint64_t from, UtcTime now) const {
  const auto offer = offer_for(who.device_id, compatible);
  if (!offer) return fail(offer.error());
  if (!*offer || (*offer)->sha256 != sha256) {
    note_refused(who, now);
    return fail(ErrorCode::not_found, "this camera is given no such update");
  }
  if (!is_whole(**offer)) return fail(ErrorCode::io, not_whole((*offer)->version));
  auto read = read_piece(bundle(sha256), from, update_piece_bytes);
  if (!read) return fail(read.error());
  if (from >= read->size) return fail(ErrorCode::invalid_input, "the bundle ends before that");
  if (from + read->bytes.size() == read->size) {
    Json sent = on_record(**offer);
    sent["device_id"] = who.device_id;
    sent["certificate"] = to_hex(who.certificate);
    if (const auto recorded = put_on_record(folder_, now, "sent", sent); !recorded)
      return fail(recorded.error());
  }
  return std::move(read->bytes);
}

void Updates::note_refused(const Asking& who, UtcTime now) const {
  const Json refused{{"device_id", who.device_id},
                     {"certificate", to_hex(who.certificate)},
                     {"why", "it is given no such update, or the certificate is another's or an old one"}};
  if (const auto recorded = put_on_record(folder_, now, "refused", refused); !recorded)
    log::error("update_audit_failed", {{"reason", recorded.error()}});
}

}  // namespace wayside::backoffice
