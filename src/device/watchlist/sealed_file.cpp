#include "src/device/watchlist/sealed_file.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wayside/base/json_text.hpp"
#include "wayside/base/little_endian.hpp"
#include "wayside/device/watchlist/list_head.hpp"

namespace wayside::watchlist {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::uint8_t, 8> magic = {'W', 'A', 'Y', 'V', 'O', 'I', 'S', '1'};
constexpr std::string_view key_label = "Wayside sealed VOI list 1";
constexpr std::size_t salt_bytes = 32;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
// The head's chunk has one size, whatever the head's.
constexpr std::size_t head_chunk_bytes = largest_list_head_bytes + 2;
constexpr std::size_t opening_bytes = magic.size() + salt_bytes;
constexpr std::size_t body_at = opening_bytes + head_chunk_bytes + tag_bytes;

using Nonce = std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == Secret::bytes);

// The key is of one file and never seals a number twice.
Nonce nonce_of(std::uint64_t number) {
  Nonce nonce{};
  little_endian::put(nonce, 0, number);
  return nonce;
}

Secret file_key(const Secret& key, ByteView salt) {
  Bytes labelled(key_label.begin(), key_label.end());
  labelled.insert(labelled.end(), salt.begin(), salt.end());
  Secret made;
  crypto_generichash(made.data().data(), Secret::bytes, labelled.data(), labelled.size(), key.view().data(),
                     Secret::bytes);
  return made;
}

Bytes sealed(ByteView plain, std::uint64_t number, const Secret& key) {
  const Nonce nonce = nonce_of(number);
  Bytes out(plain.size() + tag_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), nullptr, 0,
                                             nullptr, nonce.data(), key.view().data());
  return out;
}

Error system_error(const fs::path& path) {
  return {errno == ENOENT ? ErrorCode::not_found : ErrorCode::io,
          fmt::format("cannot read {}: {}", json_escape(path.string()), std::strerror(errno))};
}

tl::unexpected<Error> damaged(const fs::path& path, std::string_view how) {
  return fail(ErrorCode::corrupt,
              fmt::format("the sealed VOI list {} {}: it is not used; get the full list from the back office",
                          json_escape(path.string()), how));
}

}  // namespace

Result<SealedWriter> SealedWriter::begin(const fs::path& path, const Secret& key, std::string_view head,
                                         std::uint64_t bytes) {
  assert(head.size() <= largest_list_head_bytes);
  if (sodium_init() < 0) std::abort();
  auto file = FileReplacement::begin(path, 0600);
  if (!file) return fail(file.error());
  Bytes opening(opening_bytes);
  std::copy(magic.begin(), magic.end(), opening.begin());
  randombytes_buf(opening.data() + magic.size(), salt_bytes);
  SealedWriter writer(std::move(*file), file_key(key, ByteView(opening).subspan(magic.size())), bytes);
  Bytes padded(head_chunk_bytes);
  little_endian::put(padded, 0, static_cast<std::uint16_t>(head.size()));
  std::copy(head.begin(), head.end(), padded.begin() + 2);
  for (const Bytes& part : {opening, sealed(padded, 0, writer.key_)}) {
    if (auto written = writer.file_.append(part); !written) return fail(written.error());
  }
  return writer;
}

Status SealedWriter::append(std::string_view plain) {
  if (plain.size() > left_ - chunk_.size())
    return fail(ErrorCode::corrupt, "the VOI list has more bytes than its head says");
  while (!plain.empty()) {
    const std::string_view part = plain.substr(0, chunk_bytes - chunk_.size());
    chunk_.insert(chunk_.end(), part.begin(), part.end());
    plain.remove_prefix(part.size());
    if (chunk_.size() < chunk_bytes) continue;
    if (auto written = write_chunk(); !written) return written;
  }
  return {};
}

Status SealedWriter::write_chunk() {
  left_ -= chunk_.size();
  const Bytes out = sealed(chunk_, number_++, key_);
  chunk_.clear();
  return file_.append(out);
}

Status SealedWriter::commit() {
  if (!chunk_.empty()) {
    if (auto written = write_chunk(); !written) return written;
  }
  if (left_ != 0) return fail(ErrorCode::corrupt, "the VOI list has fewer bytes than its head says");
  return file_.commit();
}

SealedReader::SealedReader(fs::path path, int file, Secret key)
    : path_(std::move(path)), file_(file), key_(std::move(key)) {}
SealedReader::SealedReader(SealedReader&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      key_(std::move(other.key_)),
      head_(std::move(other.head_)),
      bytes_(other.bytes_) {}
SealedReader& SealedReader::operator=(SealedReader&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  std::swap(key_, other.key_);
  std::swap(head_, other.head_);
  std::swap(bytes_, other.bytes_);
  return *this;
}
SealedReader::~SealedReader() {
  if (file_ >= 0) ::close(file_);
}

Result<SealedReader> SealedReader::open(const fs::path& path, const Secret& key) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return fail(system_error(path));
  SealedReader reader(path, file, Secret());
  std::array<std::uint8_t, opening_bytes> opening{};
  if (::pread(file, opening.data(), opening.size(), 0) != static_cast<ssize_t>(opening.size()) ||
      !std::equal(magic.begin(), magic.end(), opening.begin()))
    return damaged(path, "does not begin as one does");
  reader.key_ = file_key(key, ByteView(opening).subspan(magic.size()));
  const auto head = reader.open_chunk(0, opening_bytes, head_chunk_bytes);
  if (!head) return fail(head.error());
  const auto size = little_endian::get<std::uint16_t>(*head, 0);
  if (size > largest_list_head_bytes) return damaged(path, "has a head of no possible size");
  reader.head_ = text_of(*head).substr(2, size);
  return reader;
}

Status SealedReader::expect(std::uint64_t bytes) {
  bytes_ = bytes;
  struct stat info {};
  if (::fstat(file_, &info) != 0) return fail(system_error(path_));
  if (static_cast<std::uint64_t>(info.st_size) == body_at + bytes + chunks() * tag_bytes) return {};
  return damaged(path_, "is cut short or longer than it should be");
}

Result<WipedBytes> SealedReader::chunk(std::uint64_t index) const {
  assert(index < chunks());
  const std::uint64_t plain = std::min<std::uint64_t>(chunk_bytes, bytes_ - index * chunk_bytes);
  return open_chunk(index + 1, body_at + index * (chunk_bytes + tag_bytes), static_cast<std::size_t>(plain));
}

Result<WipedBytes> SealedReader::open_chunk(std::uint64_t number, std::uint64_t at, std::size_t plain) const {
  Bytes in(plain + tag_bytes);
  for (std::size_t done = 0; done < in.size();) {
    const ssize_t got = ::pread(file_, in.data() + done, in.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(path_));
    if (got == 0) return damaged(path_, "is cut short");
    done += static_cast<std::size_t>(got);
  }
  const Nonce nonce = nonce_of(number);
  WipedBytes out(plain);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, in.data(), in.size(), nullptr,
                                                 0, nonce.data(), key_.view().data()) != 0)
    return damaged(path_, "is damaged, or sealed with another key than this camera's");
  return out;
}

}  // namespace wayside::watchlist
