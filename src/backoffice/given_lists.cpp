#include "wayside/backoffice/given_lists.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/remove_any.hpp"
#include "wayside/delivery/seal/secret_transfer.hpp"
#include "wayside/device/watchlist/list_head.hpp"

#include "src/backoffice/audit_file.hpp"
#include "src/backoffice/list_files.hpp"
#include "src/backoffice/piece_of_file.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Status check_list_and_camera(const std::string& list, const std::string& device_id) {
  if (!is_list_id(list))
    return fail(ErrorCode::invalid_input, "a VOI list's id must be 1 to 64 of a-z, 0-9 and -, as in north-1");
  if (device_id == all_cameras || pem::is_device_id(device_id)) return {};
  return fail(ErrorCode::invalid_input,
              "a device id must be 16 lower case hex digits, as in device.crt's name, or all");
}

fs::path key_file(const fs::path& folder, const std::string& device_id) {
  return folder / ".keys" / device_id;
}

Result<Secret> read_key(const fs::path& file) {
  auto text = read_text_file(file, 128);
  if (!text) return fail(text.error());
  if (!text->empty() && text->back() == '\n') text->pop_back();
  auto bytes = bytes_from_hex(*text);
  wipe(*text);
  if (!bytes || bytes->size() != Secret::bytes) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is no key of 64 hex digits: remove it, and the camera fetches its lists anew",
                            json_escape(file.string())));
  }
  Secret key{ByteView(*bytes)};
  wipe(*bytes);
  return key;
}

// Two programs may be at it at once: the file of the first one counts.
Result<Secret> read_or_make_key(const fs::path& folder, const std::string& device_id) {
  const fs::path file = key_file(folder, device_id);
  auto key = read_key(file);
  if (key || key.error().code != ErrorCode::not_found) return key;
  if (const auto made = make_private_folder(file.parent_path()); !made) return fail(made.error());
  const FolderLock turn(file.parent_path());
  if (!turn.held()) return fail(turn.held().error());
  key = read_key(file);
  if (key || key.error().code != ErrorCode::not_found) return key;
  Secret made = Secret::random();
  std::string text = to_hex(made.view()) + "\n";
  const auto written = replace_file(file, as_bytes(text), 0600);
  wipe(text);
  if (!written) return fail(written.error());
  return made;
}

Json asked_by(const GivenLists::Asking& who) {
  return {{"device_id", who.device_id}, {"certificate", to_hex(who.certificate)}};
}

std::uint64_t size_or_0(const fs::path& file) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

}  // namespace

fs::path GivenLists::cameras_of(const std::string& list) const {
  return folder_ / list / "cameras";
}

bool GivenLists::is_given(const std::string& list, const std::string& device_id) const {
  return is_there(cameras_of(list) / device_id).value_or(false) ||
         is_there(cameras_of(list) / all_cameras).value_or(false);
}

Result<std::vector<std::string>> GivenLists::lists_of(const std::string& device_id) const {
  const auto paths = list_files::paths_in(folder_);
  if (!paths) return fail(paths.error());
  std::vector<std::string> lists;
  for (const fs::path& path : *paths) {
    std::string list = path.filename().string();
    if (is_list_id(list) && is_given(list, device_id)) lists.push_back(std::move(list));
  }
  return lists;
}

Status GivenLists::give(const std::string& list, const std::string& device_id, UtcTime now) const {
  if (const auto good = check_list_and_camera(list, device_id); !good) return good;
  if (!is_there(folder_ / list).value_or(false)) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no VOI list {}: run wayside-backoffice watchlist issue", list));
  }
  const auto others = lists_of(device_id);
  if (!others) return fail(others.error());
  if (others->size() >= most_lists_given && !is_given(list, device_id)) {
    return fail(ErrorCode::exhausted,
                fmt::format("a camera takes {} VOI lists at most: withdraw one first", most_lists_given));
  }
  const auto recorded = put_on_record(folder_, now, "given",
                                      {{"list", list}, {"device_id", device_id}, {"by", operator_name()}});
  if (!recorded) return recorded;
  if (const auto made = make_private_folder(cameras_of(list)); !made) return made;
  return replace_file(cameras_of(list) / device_id, as_bytes(to_iso8601(now) + "\n"), 0600);
}

Status GivenLists::withdraw(const std::string& list, const std::string& device_id, UtcTime now) const {
  if (const auto good = check_list_and_camera(list, device_id); !good) return good;
  const fs::path file = cameras_of(list) / device_id;
  if (!is_there(file).value_or(false)) {
    const bool all = device_id != all_cameras && is_given(list, device_id);
    return fail(ErrorCode::not_found,
                all ? fmt::format("VOI list {} is given to all cameras: withdraw it from all, and give it to "
                                  "those that keep it",
                                  list)
                    : fmt::format("VOI list {} is not given to {}: see wayside-backoffice watchlist list",
                                  list, device_id));
  }
  const auto recorded = put_on_record(folder_, now, "withdrawn",
                                      {{"list", list}, {"device_id", device_id}, {"by", operator_name()}});
  if (!recorded) return recorded;
  if (const auto gone = remove_any(file); !gone) return gone;
  const auto keys = list_files::paths_in(folder_ / ".keys");
  if (!keys) return fail(keys.error());
  for (const fs::path& key : *keys) {
    const auto left = lists_of(key.filename().string());
    if (!left) return fail(left.error());
    if (!left->empty()) continue;
    if (const auto gone = remove_any(key); !gone) return gone;
  }
  return {};
}

Result<std::vector<std::string>> GivenLists::withdraw_all(const std::string& device_id, UtcTime now) const {
  auto lists = lists_of(device_id);
  if (!lists) return lists;
  std::erase_if(*lists, [&](const std::string& list) {
    return !is_there(cameras_of(list) / device_id).value_or(false);
  });
  for (const std::string& list : *lists) {
    if (const auto withdrawn = withdraw(list, device_id, now); !withdrawn) return fail(withdrawn.error());
  }
  if (const auto gone = remove_any(key_file(folder_, device_id)); !gone) return fail(gone.error());
  return lists;
}

Result<std::map<std::string, std::vector<std::string>>> GivenLists::given() const {
  const auto paths = list_files::paths_in(folder_);
  if (!paths) return fail(paths.error());
  std::map<std::string, std::vector<std::string>> all;
  for (const fs::path& path : *paths) {
    const std::string list = path.filename().string();
    if (!is_list_id(list)) continue;
    const auto cameras = list_files::paths_in(cameras_of(list));
    if (!cameras) return fail(cameras.error());
    for (const fs::path& camera : *cameras)
      all[list].push_back(camera.filename().string());
  }
  return all;
}

Status GivenLists::pass_on(const fs::path& out) const {
  if (const auto made = make_private_folder(folder_); !made) return made;
  const FolderLock turn(folder_);
  if (!turn.held()) return turn.held();
  const auto seed = load_or_make_signing_key(list_files::keys(folder_));
  if (!seed) return fail(seed.error());
  if (const auto made = make_private_folder(out); !made) return made;
  return replace_file(out / "issuer-key", as_bytes(verifying_key_text(verifying_key(*seed))));
}

Result<std::vector<GivenLists::Offer>> GivenLists::offers(
    const std::string& device_id, const std::map<std::string, std::uint64_t>& held) const {
  const auto lists = lists_of(device_id);
  if (!lists) return fail(lists.error());
  std::vector<Offer> offers;
  for (const std::string& list : *lists) {
    const auto revisions = list_files::revisions_in(folder_ / list);
    if (!revisions) return fail(revisions.error());
    if (revisions->empty() || offers.size() == most_lists_given) continue;
    Offer offer{list, revisions->back(), {}, 0};
    const auto known = held.find(list);
    const std::uint64_t has = known == held.end() ? 0 : known->second;
    if (has < offer.revision) {
      const fs::path full = list_files::full(folder_, list, offer.revision);
      const fs::path delta = list_files::delta(folder_, list, has, offer.revision);
      const std::uint64_t whole = size_or_0(full), change = size_or_0(delta);
      const bool by_delta = change != 0 && change < whole;
      offer.document = (by_delta ? delta : full).filename().string();
      offer.bytes = by_delta ? change : whole;
    }
    offers.push_back(std::move(offer));
  }
  return offers;
}

Result<std::string> GivenLists::piece(const Asking& who, const std::string& list, const std::string& document,
                                      std::uint64_t from, UtcTime now) const {
  if (!is_list_id(list) || !list_files::is_document_name(document) || !is_given(list, who.device_id)) {
    Json refused = asked_by(who);
    refused["why"] = "it is not given what it asked for";
    if (const auto recorded = put_on_record(folder_, now, "refused", refused); !recorded)
      log::error("watch_list_audit_failed", {{"reason", recorded.error()}});
    return fail(ErrorCode::not_found, "this camera is given no such list");
  }
  auto read = read_piece(folder_ / list / document, from, list_piece_bytes);
  if (!read && read.error().code == ErrorCode::not_found)
    return fail(ErrorCode::not_found, "there is no such document of the list");
  if (!read) return fail(read.error());
  if (from >= read->size) return fail(ErrorCode::invalid_input, "the document ends before that");
  if (from + read->bytes.size() == read->size) {
    Json sent = asked_by(who);
    sent["list"] = list;
    sent["document"] = document;
    if (const auto recorded = put_on_record(folder_, now, "sent", sent); !recorded)
      return fail(recorded.error());
  }
  return std::move(read->bytes);
}

Result<Bytes> GivenLists::lend_key(const Asking& who, const std::string& receiver, UtcTime now) const {
  PublicKey to{};
  if (receiver.size() != to.size())
    return fail(ErrorCode::invalid_input, "the body must be the 32 bytes of a public key");
  std::copy(receiver.begin(), receiver.end(), to.begin());
  const auto lists = lists_of(who.device_id);
  if (!lists) return fail(lists.error());
  if (lists->empty()) {
    note_refused(who, now);
    return fail(ErrorCode::not_found, "this camera is given no list");
  }
  auto key = read_or_make_key(folder_, who.device_id);
  if (!key) return fail(key.error());
  auto sealed = seal_secret(recipient_secret_from(std::move(*key)), to);
  if (!sealed) return fail(sealed.error());
  if (const auto recorded = put_on_record(folder_, now, "lent", asked_by(who)); !recorded)
    return fail(recorded.error());
  return sealed;
}

void GivenLists::note_refused(const Asking& who, UtcTime now) const {
  Json refused = asked_by(who);
  refused["why"] = "it is given no list, or the certificate is another's or an old one";
  if (const auto recorded = put_on_record(folder_, now, "refused", refused); !recorded)
    log::error("watch_list_audit_failed", {{"reason", recorded.error()}});
}

}  // namespace wayside::backoffice
