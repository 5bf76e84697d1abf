#include "wayside/delivery/seal/keys.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

#include "src/delivery/seal/wiped.hpp"

namespace wayside {

namespace {

std::span<std::uint8_t> bytes_of(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

Status check_private(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot read {}: {}", json_escape(file.string()), std::strerror(errno)));
  }
  if ((info.st_mode & 077U) != 0) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} has mode {:04o}, so others can get at the key: set it to 0600",
                            json_escape(file.string()), info.st_mode & 07777U));
  }
  return {};
}

}  // namespace

KeyId key_id(const PublicKey& key) {
  const Sha256 hash = sha256(key);
  KeyId id{};
  std::copy_n(hash.begin(), id.size(), id.begin());
  return id;
}

std::string_view to_string(RecordView view) {
  switch (view) {
    case RecordView::full:
      return "full";
    case RecordView::text:
      return "text";
    case RecordView::pseudonym:
      return "pseudonym";
  }
  return "unknown";
}

RecipientSecret make_recipient_secret() {
  return recipient_secret_from(Secret::random());
}

RecipientSecret recipient_secret_from(Secret secret) {
  RecipientSecret out{std::move(secret), {}};
  crypto_scalarmult_base(out.key.data(), out.secret.view().data());
  return out;
}

Result<RecipientSecret> load_recipient_secret(const std::filesystem::path& file) {
  if (const Status safe = check_private(file); !safe) return fail(safe.error());
  constexpr std::size_t digits = 2 * Secret::bytes;
  auto text = read_text_file(file, 1024);
  if (!text) return fail(text.error());
  const std::size_t end = text->find_last_not_of("\r\n");
  const std::size_t length = end == std::string::npos ? 0 : end + 1;
  auto raw = bytes_from_hex(std::string_view(*text).substr(0, length));
  wipe(bytes_of(*text));
  if (!raw || length != digits) {
    if (raw) wipe(*raw);
    return fail(ErrorCode::invalid_input,
                fmt::format("{} must hold a recipient's secret key, {} hex digits and nothing else",
                            json_escape(file.string()), digits));
  }
  Secret secret(*raw);
  wipe(*raw);
  return recipient_secret_from(std::move(secret));
}

Status save_recipient_secret(const RecipientSecret& secret, const std::filesystem::path& file) {
  std::string text = to_hex(secret.secret.view());
  text.reserve(text.size() + 1);  // to_hex() has room for no more, and what it would leave behind is the key
  text += '\n';
  const Status saved = replace_file(file, as_bytes(text), 0600);
  wipe(bytes_of(text));
  return saved;
}

}  // namespace wayside
