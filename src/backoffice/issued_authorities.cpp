#include "wayside/backoffice/issued_authorities.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/backoffice/export.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"

#include "src/backoffice/signing_key.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;
using Kind = AuthorityDocument::Kind;

constexpr std::string_view extension = ".authority";
constexpr std::chrono::seconds settled{2};
constexpr std::size_t most_sent_bytes = std::size_t{24} << 10U;

SigningKeyFiles key_files(const fs::path& folder) {
  return {folder / "authority.key", folder / "office-key"};
}

std::optional<std::uint64_t> number_of(const fs::path& file) {
  if (file.extension() != extension) return std::nullopt;
  const std::string stem = file.stem().string();
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
  if (failed != std::errc{} || end != stem.data() + stem.size() || stem != std::to_string(number))
    return std::nullopt;
  return number;
}

}  // namespace

fs::path IssuedAuthorities::file_of(std::uint64_t number) const {
  return folder_ / fmt::format("{}{}", number, extension);
}

Status IssuedAuthorities::make_key() const {
  if (const Status made = make_private_folder(folder_); !made) return made;
  const FolderLock turn(folder_);
  if (!turn.held()) return turn.held();
  const auto seed = load_or_make_signing_key(key_files(folder_));
  if (!seed) return fail(seed.error());
  return {};
}

Result<AuthorityDocument> IssuedAuthorities::issue(AuthorityDocument draft, UtcTime now) {
  if (const Status made = make_private_folder(folder_); !made) return fail(made.error());
  const FolderLock turn(folder_);
  if (!turn.held()) return fail(turn.held().error());
  const auto seed = load_or_make_signing_key(key_files(folder_));
  if (!seed) return fail(seed.error());
  const std::lock_guard lock(mutex_);
  changed_.reset();
  if (const Status read = read_new(); !read) return fail(read.error());
  draft.number = known_.empty() ? 1 : known_.rbegin()->first + 1;
  draft.issued = now;
  const auto text = sign_authority(draft, *seed);
  if (!text) return fail(text.error());
  if (const Status written = replace_file(file_of(draft.number), as_bytes(*text)); !written)
    return fail(written.error());
  known_[draft.number] = {draft.number, draft, *text};
  return draft;
}

Status IssuedAuthorities::read_new() {
  std::error_code failed;
  const auto changed = fs::last_write_time(folder_, failed);
  if (failed == std::errc::no_such_file_or_directory) return {};
  if (!failed && changed_ == changed) return {};
  const auto text = read_text_file(key_files(folder_).shared, 256);
  if (!text) return fail(text.error());
  const auto key = verifying_key_from(*text);
  if (!key) return fail(key.error());
  fs::directory_iterator entries(folder_, failed);
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    const auto number = number_of(entries->path());
    if (!number || known_.contains(*number)) continue;
    auto document = read_text_file(entries->path(), largest_authority_bytes);
    const auto read = document ? authority_from(*document, *key) : fail(document.error());
    Issued issued{*number, {}, {}};
    if (read && read->number == *number) {
      issued.document = *read;
      issued.text = std::move(*document);
    } else {
      log::error("authority_damaged", {{"file", entries->path().string()},
                                       {"reason", read ? "it has another number" : read.error().message}});
    }
    known_.emplace(*number, std::move(issued));
  }
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot look into {}: {}", folder_.string(), failed.message()));
  // What came within the file system's own resolution would be missed until the next change.
  if (fs::file_time_type::clock::now() - changed > settled) changed_ = changed;
  return {};
}

Result<std::vector<IssuedAuthorities::Issued>> IssuedAuthorities::list() {
  const std::lock_guard lock(mutex_);
  if (const Status read = read_new(); !read) return fail(read.error());
  std::vector<Issued> all;
  for (const auto& [number, issued] : known_)
    all.push_back(issued);
  return all;
}

Result<std::vector<std::string>> IssuedAuthorities::newer_than(std::uint64_t number,
                                                               const std::string& device_id) {
  const std::lock_guard lock(mutex_);
  if (const Status read = read_new(); !read) return fail(read.error());
  // From the newest down to the revocation that ends all before it.
  std::vector<const Issued*> counting;
  for (auto it = known_.rbegin(); it != known_.rend() && it->first > number; ++it) {
    const auto& document = it->second.document;
    if (!document || !is_for(*document, device_id)) continue;
    counting.push_back(&it->second);
    if (document->kind == Kind::revocation) break;
  }
  std::reverse(counting.begin(), counting.end());
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (const Issued* issued : counting) {
    bytes += issued->text.size();
    if (bytes > most_sent_bytes) break;
    texts.push_back(issued->text);
  }
  return texts;
}

Status IssuedAuthorities::pass_on(const std::string& device_id, const fs::path& out) {
  if (const Status made = make_key(); !made) return made;
  const auto key = read_text_file(key_files(folder_).shared, 256);
  if (!key) return fail(key.error());
  const auto texts = newer_than(0, device_id);
  if (!texts) return fail(texts.error());
  if (const Status made = make_private_folder(out); !made) return made;
  for (const std::string& text : *texts) {
    const auto document = authority_from(text, *verifying_key_from(*key));
    if (!document) return fail(document.error());
    const fs::path file = out / fmt::format("{}{}", document->number, extension);
    if (Status written = replace_file(file, as_bytes(text)); !written) return written;
  }
  return replace_file(out / "office-key", as_bytes(*key));
}

Result<ToldAuthorities> told_authorities(Store& store, const std::string& device_id) {
  ToldAuthorities told;
  const auto take = [&](const StoredRecord& record) -> Status {
    if (!device_id.empty() && record.id.device_id != device_id) return {};
    const auto json = nlohmann::json::parse(record.document);
    if (json.at("event") != "authority") return {};
    const auto& authority = json.at("authority");
    ToldAuthority one{
        record.id.device_id,   json.at("time").at("utc"), authority.at("state"), authority.at("captures"), {},
        authority.at("reason")};
    if (!authority.at("number").is_null()) one.number = authority.at("number").get<std::uint64_t>();
    told.told.push_back(std::move(one));
    return {};
  };
  const Status visited =
      visit_sound_of(store, RecordType::audit, take, [&](const RecordId&) { ++told.damaged; });
  if (!visited) return fail(visited.error());
  return told;
}

}  // namespace wayside::backoffice
