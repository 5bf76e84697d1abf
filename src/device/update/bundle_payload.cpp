#include "src/device/update/bundle_payload.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/descriptor.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::update_parts {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t block_bytes = 4096;

// What follows `begin` in the one line that begins so. Where there are more, one may be the signer's own
// words.
std::optional<std::string_view> rest_of_line(std::string_view text, std::string_view begin) {
  std::optional<std::string_view> found;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(begin)) continue;
    if (found) return std::nullopt;
    found = line.substr(begin.size());
  }
  return found;
}

std::optional<Sha256> quoted_digest(std::optional<std::string_view> text) {
  Sha256 digest{};
  if (!text || text->size() != 2 * digest.size() + 2 || !text->starts_with('\'') || !text->ends_with('\''))
    return std::nullopt;
  const auto bytes = bytes_from_hex(text->substr(1, 2 * digest.size()));
  if (!bytes) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

std::optional<std::uint64_t> number(std::optional<std::string_view> text) {
  std::uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (code != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

tl::unexpected<Error> changed() {
  return fail(ErrorCode::refused,
              "the bundle is not what was signed (changed on its way, or damaged): fetch it again");
}

tl::unexpected<Error> unreadable(const fs::path& bundle) {
  const int code = errno;
  return fail(ErrorCode::io, fmt::format("cannot read {}: {}: give the update again",
                                         json_escape(bundle.string()), std::strerror(code)));
}

// A bundle, read a block at a time.
class BundleFile {
 public:
  explicit BundleFile(const fs::path& path)
      : path_(path), file_(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC)) {}

  [[nodiscard]] Result<std::uint64_t> size() const {
    struct stat info {};
    if (!file_ || ::fstat(file_.get(), &info) != 0) return unreadable(path_);
    return static_cast<std::uint64_t>(info.st_size);
  }
  [[nodiscard]] Status read(std::uint64_t at, std::span<std::uint8_t> into) const {
    while (!into.empty()) {
      const ssize_t got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unreadable(path_);
      if (got == 0) return changed();
      at += static_cast<std::uint64_t>(got);
      into = into.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }

 private:
  fs::path path_;
  Descriptor file_;
};

std::uint64_t tree_bytes_over(std::uint64_t payload_bytes) {
  std::uint64_t tree = 0;
  for (std::uint64_t blocks = payload_bytes / block_bytes; blocks > 1;) {
    constexpr std::uint64_t digests_a_block = block_bytes / sizeof(Sha256);
    blocks = (blocks + digests_a_block - 1) / digests_a_block;
    tree += blocks * block_bytes;
  }
  return tree;
}

// Refuses lengths that do not fit together.
Result<std::uint64_t> payload_bytes(const BundleFile& file, std::uint64_t tree_bytes) {
  std::array<std::uint8_t, 8> last{};
  const auto size = file.size();
  if (!size) return fail(size.error());
  if (*size < last.size()) return changed();
  if (const Status read = file.read(*size - last.size(), last); !read) return fail(read.error());
  std::uint64_t signature_bytes = 0;
  for (const std::uint8_t byte : last)
    signature_bytes = signature_bytes << 8U | byte;
  const std::uint64_t before = *size - last.size();
  if (signature_bytes > before || tree_bytes > before - signature_bytes) return changed();
  const std::uint64_t payload = before - signature_bytes - tree_bytes;
  if (payload == 0 || payload % block_bytes != 0 || tree_bytes != tree_bytes_over(payload)) return changed();
  return payload;
}

// The digests, one behind the other, of the blocks in [from, to), which have to be as `expected` where that
// is not empty.
Result<Bytes> digests_of(const BundleFile& file, const Sha256& salt, std::uint64_t from, std::uint64_t to,
                         ByteView expected = {}) {
  Bytes digests;
  digests.reserve((to - from) / block_bytes * sizeof(Sha256));
  Bytes salted(salt.begin(), salt.end());
  salted.resize(salt.size() + block_bytes);
  const auto block = std::span(salted).subspan(salt.size());
  for (std::uint64_t at = from; at < to; at += block_bytes) {
    if (const Status read = file.read(at, block); !read) return fail(read.error());
    if (!expected.empty() &&
        !std::equal(block.begin(), block.end(), expected.begin() + static_cast<std::ptrdiff_t>(at - from)))
      return changed();
    const Sha256 digest = sha256(salted);
    digests.insert(digests.end(), digest.begin(), digest.end());
  }
  return digests;
}

}  // namespace

Result<std::optional<PayloadHash>> payload_hash_from(std::string_view said) {
  const auto format = rest_of_line(said, "Bundle Format: \t");
  if (format == "plain") return std::nullopt;
  const auto salt = quoted_digest(rest_of_line(said, "  Verity Salt: \t"));
  const auto root = quoted_digest(rest_of_line(said, "  Verity Hash: \t"));
  const auto tree_bytes = number(rest_of_line(said, "  Verity Size: \t"));
  if (format != "verity" || !salt || !root || !tree_bytes) {
    return fail(ErrorCode::refused,
                "RAUC does not say what is signed of the bundle's payload: make it with toolchains/image.sh");
  }
  return PayloadHash{*salt, *root, *tree_bytes};
}

Status check_payload(const fs::path& bundle, const PayloadHash& hash) {
  const BundleFile file(bundle);
  const auto payload = payload_bytes(file, hash.tree_bytes);
  if (!payload) return fail(payload.error());
  auto digests = digests_of(file, hash.salt, 0, *payload);
  // From the lowest level, which is the tree's end, up to the one block above all.
  std::uint64_t end = *payload + hash.tree_bytes;
  while (digests && digests->size() > sizeof(Sha256)) {
    Bytes level = std::move(*digests);
    level.resize((level.size() + block_bytes - 1) / block_bytes * block_bytes);
    const std::uint64_t begin = end - level.size();
    digests = digests_of(file, hash.salt, begin, end, level);
    end = begin;
  }
  if (!digests) return fail(digests.error());
  if (!std::equal(digests->begin(), digests->end(), hash.root.begin(), hash.root.end())) return changed();
  return {};
}

}  // namespace wayside::update_parts
