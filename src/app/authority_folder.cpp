#include "src/app/authority_folder.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"

#include "src/app/trusted_key.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".authority";
constexpr std::string_view key_name = "office-key";
constexpr std::size_t most_files = 64;

}  // namespace

AuthorityFolder::Listing AuthorityFolder::list() const {
  Listing listing;
  std::error_code failed;
  for (fs::directory_iterator entry(folder_, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    const fs::path& path = entry->path();
    if (path.extension() != extension && path.filename() != key_name) continue;
    File file;
    std::error_code ignored;
    file.size = entry->file_size(ignored);
    file.changed = entry->last_write_time(ignored);
    listing.emplace(path, file);
  }
  return listing;
}

bool AuthorityFolder::read() {
  Listing listing = list();
  if (listed_ == listing) return false;
  documents_.clear();
  has_others_ = false;
  std::string problem;
  const auto cannot_use = [&](const fs::path& file, const Error& why) {
    const std::string sentence = fmt::format("{}: {}", json_escape(file.string()), why.message);
    if (problem.empty()) problem = sentence;
    if (problem_.find(sentence) == std::string::npos)
      log::warning("authority_file_unusable", {{"reason", sentence}});
  };
  const Result<VerifyingKey> key = read_trusted_key(folder_ / key_name);
  if (!key) cannot_use(folder_ / key_name, key.error());
  key_ = key ? std::optional(*key) : std::nullopt;
  std::size_t left = most_files;
  for (const auto& [path, file] : listing) {
    if (!key_ || path.filename() == key_name || left-- == 0) continue;
    Result<AuthorityDocument> document = read_document(path);
    if (!document) {
      cannot_use(path, document.error());
    } else if (!is_for(*document, device_id_)) {
      has_others_ = true;
    } else {
      documents_.emplace(path, std::move(*document));
    }
  }
  problem_ = std::move(problem);
  listed_ = std::move(listing);
  return true;
}

Result<AuthorityDocument> AuthorityFolder::read_document(const fs::path& file) const {
  const Result<std::string> text = read_text_file(file, largest_authority_bytes);
  if (!text) return fail(text.error());
  return authority_from(*text, *key_);
}

void AuthorityFolder::adopt(std::span<const std::string> documents) {
  for (const std::string& text : documents) {
    const Status adopted = adopt_one(text);
    if (adopted) continue;
    // It comes again with the answer to each heartbeat.
    if (std::exchange(untaken_told_, adopted.error().message) != adopted.error().message)
      log::error("authority_not_taken", {{"reason", adopted.error()}});
  }
}

Status AuthorityFolder::adopt_one(const std::string& text) {
  if (!key_) return fail(ErrorCode::not_found, "there is no usable office-key to check it with");
  const Result<AuthorityDocument> document = authority_from(text, *key_);
  if (!document) return fail(document.error());
  if (!is_for(*document, device_id_)) return fail(ErrorCode::invalid_input, "it is for another camera");
  for (const auto& [path, one] : documents_) {
    if (one == *document) return {};
  }
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder_.string(), std::strerror(errno)));
  const fs::path file = folder_ / fmt::format("{}{}", document->number, extension);
  if (Status written = replace_file(file, as_bytes(text)); !written) return written;
  log::info("authority_taken", {{"number", document->number}});
  listed_.reset();
  return {};
}

void AuthorityFolder::remove(const fs::path& file, const AuthorityDocument& document) const {
  std::error_code failed;
  fs::remove(file, failed);
  if (!failed) log::info("authority_done_with", {{"number", document.number}});
}

Result<AuthorityDocument> authority_offered(const fs::path& folder, const std::string& document) {
  const Result<VerifyingKey> key = read_trusted_key(folder / key_name);
  if (!key) return fail(key.error().context("the office's key"));
  return authority_from(document, *key);
}

}  // namespace wayside::app
