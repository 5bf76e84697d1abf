#include "src/app/bundle_part.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/log.hpp"
#include "wayside/base/sha256_stream.hpp"
#include "wayside/base/strict_json.hpp"

namespace wayside::app {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t safe_step = std::uint64_t{1} << 20U;
// wayside-update, another user of the folder's group or root, reads it.
constexpr mode_t bundle_mode = 0640;

fs::path offer_file(const UpdateFolder& folder) {
  return folder.incoming() / "offer";
}

fs::path tried_file(const UpdateFolder& folder) {
  return folder.incoming() / "tried";
}

tl::unexpected<Error> failed(const char* what, const fs::path& file) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return fail(full ? ErrorCode::exhausted : ErrorCode::io,
              fmt::format("cannot {} {}: {}", what, json_escape(file.string()), std::strerror(code)));
}

void remove_file(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) log::error("update_not_removed", {{"file", file.string()}, {"reason", error.message()}});
}

Status sync_folder(const fs::path& folder) {
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = directory >= 0 && ::fsync(directory) == 0;
  Status done = synced ? Status{} : failed("sync", folder);
  if (directory >= 0) ::close(directory);
  return done;
}

Result<Sha256> hash_of(int file, std::uint64_t bytes, const fs::path& path) {
  std::vector<std::uint8_t> buffer(safe_step);
  Sha256Stream hash;
  for (std::uint64_t at = 0; at < bytes;) {
    const std::size_t most = std::min<std::uint64_t>(buffer.size(), bytes - at);
    const ssize_t got = ::pread(file, buffer.data(), most, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed("read", path);
    hash.add(ByteView(buffer).first(static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
  return hash.finish();
}

}  // namespace

TriedUpdate tried_update_in(const UpdateFolder& folder) {
  const auto text = read_text_file(tried_file(folder), largest_update_file_bytes);
  const auto json = text ? parse_object(*text, "it") : fail(text.error());
  if (!json) return {};
  TriedUpdate tried;
  const auto sha256 = json->find("sha256"), given = json->find("given"), times = json->find("times");
  if (sha256 == json->end() || !sha256->is_string() || times == json->end() || !times->is_number_unsigned())
    return {};
  tried.sha256 = sha256->get<std::string>();
  tried.times = times->get<std::uint64_t>();
  if (given != json->end() && given->is_string()) {
    const auto time = utc_from_iso8601(given->get<std::string>());
    if (time) tried.given = *time;
  }
  return tried;
}

Status keep_tried_update(const UpdateFolder& folder, const TriedUpdate& tried) {
  nlohmann::json json{{"sha256", tried.sha256}, {"times", tried.times}};
  if (tried.given) json["given"] = to_iso8601(*tried.given);
  return replace_file(tried_file(folder), as_bytes(json.dump() + "\n"), 0640);
}

std::optional<UpdateOffer> BundlePart::left_over() {
  const auto text = read_text_file(offer_file(folder_), largest_update_file_bytes);
  const auto offer = text ? update_offer_from(*text) : fail(text.error());
  if (offer) {
    offer_ = *offer;
    return *offer;
  }
  drop();  // nobody knows what it is
  return std::nullopt;
}

Status BundlePart::begin(const UpdateOffer& offer) {
  if (offer.sha256 != offer_.sha256 || offer.bytes != offer_.bytes) drop();
  if (const Status kept = replace_file(offer_file(folder_), as_bytes(to_json(offer).dump() + "\n"), 0640);
      !kept)
    return kept;
  offer_ = offer;
  return {};
}

void BundlePart::drop() {
  remove_file(folder_.install());
  remove_file(folder_.bundle());
  drop_pieces();
  remove_file(offer_file(folder_));
  offer_ = {};
}

void BundlePart::drop_pieces() {
  close();
  at_ = 0;
  remove_file(folder_.part());
}

Result<std::uint64_t> BundlePart::open() {
  if (file_ >= 0) return at_;
  const fs::path path = folder_.part();
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, bundle_mode);
  struct stat info {};
  if (file_ < 0 || ::fstat(file_, &info) != 0) return failed("open", path);
  if (!S_ISREG(info.st_mode)) {
    close();
    return fail(ErrorCode::io, fmt::format("{} is no file: remove it", json_escape(path.string())));
  }
  const auto there = static_cast<std::uint64_t>(info.st_size);
  at_ = there == 0 || there > offer_.bytes ? 0 : (there - 1) / safe_step * safe_step;
  if (::ftruncate(file_, static_cast<off_t>(at_)) != 0) return failed("cut", path);
  return at_;
}

Status BundlePart::append(ByteView piece) {
  while (!piece.empty()) {
    // Not across the step: nothing is written behind it before what is before it is safe.
    const std::size_t most = std::min<std::uint64_t>(piece.size(), safe_step - at_ % safe_step);
    const ssize_t put = ::pwrite(file_, piece.data(), most, static_cast<off_t>(at_));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      auto error = failed("write", folder_.part());
      // As if it had not come at all: the next one is asked for from there.
      (void)!::ftruncate(file_, static_cast<off_t>(at_));
      return error;
    }
    at_ += static_cast<std::uint64_t>(put);
    piece = piece.subspan(static_cast<std::size_t>(put));
    if (at_ % safe_step != 0) continue;
    if (const Status safe = sync(); !safe) return safe;
  }
  return {};
}

Status BundlePart::sync() {
  if (::fdatasync(file_) == 0) return {};
  auto error = failed("sync", folder_.part());
  // The kernel may have let go of what it could not write, and says so once.
  close();
  return error;
}

Status BundlePart::finish() {
  if (const Status safe = sync(); !safe) return safe;
  const auto hash = hash_of(file_, offer_.bytes, folder_.part());
  if (!hash) return fail(hash.error());
  if (at_ != offer_.bytes || to_hex(*hash) != offer_.sha256) {
    return fail(ErrorCode::corrupt,
                "what came is not the bundle that was offered (its SHA-256 is another): add it to the office "
                "anew, or look at this camera's flash");
  }
  close();
  if (::rename(folder_.part().c_str(), folder_.bundle().c_str()) != 0)
    return failed("rename", folder_.part());
  return sync_folder(folder_.incoming());
}

bool BundlePart::is_whole() const {
  std::error_code absent;
  const std::uintmax_t bytes = fs::file_size(folder_.bundle(), absent);
  return !absent && offer_.bytes != 0 && bytes == offer_.bytes;
}

void BundlePart::close() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

}  // namespace wayside::app
