#include "tests/image/card_search.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "wayside/base/files.hpp"

namespace wayside::image {

namespace {

std::string in_16_bits(const std::string& text) {
  std::string wide;
  for (const char c : text)
    wide += {c, '\0'};
  return wide;
}

bool holds(const Bytes& bytes, const std::string& text) {
  return ::memmem(bytes.data(), bytes.size(), text.data(), text.size()) != nullptr;
}

}  // namespace

std::map<std::string, std::set<std::string>> found_on(const CameraDisk& disk,
                                                      const std::vector<std::string>& texts) {
  std::map<std::string, std::set<std::string>> found;
  for (const std::string& partition : CameraDisk::partitions()) {
    const Bytes bytes = disk.read(partition);
    for (const std::string& text : texts) {
      if (holds(bytes, text) || holds(bytes, in_16_bits(text))) found[text].insert(partition);
    }
  }
  return found;
}

std::vector<std::string> spellings(const std::string& vrm) {
  std::vector<std::string> all = {vrm};
  // The groups of today's form are four and three characters.
  if (vrm.size() == 7) all.push_back(vrm.substr(0, 4) + " " + vrm.substr(4));
  for (std::size_t i = 0, n = all.size(); i < n; ++i) {
    std::string small = all[i];
    std::transform(small.begin(), small.end(), small.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    all.push_back(small);
  }
  return all;
}

std::vector<std::string> key_material(const std::filesystem::path& pem) {
  const auto text = read_text_file(pem);
  if (!text) throw std::runtime_error(text.error().message);
  std::istringstream lines(*text);
  std::vector<std::string> material;
  std::string base64;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '-') continue;
    base64 += line;
  }
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string raw;
  unsigned bits = 0, held = 0;
  for (const char c : base64) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6U | static_cast<unsigned>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    raw += static_cast<char>(bits >> held & 0xFFU);
  }
  // Where the secret lies in what RFC 8410 and RFC 5915 write: an Ed25519 key's at the end, that of a key of
  // 256 bits on a curve at 36; and in the base64 of either.
  constexpr std::size_t secret_bytes = 32, ed25519_bytes = 48, curve_at = 36;
  if (raw.size() < ed25519_bytes) throw std::runtime_error(pem.string() + " is no private key in PEM");
  const std::size_t at = raw.size() == ed25519_bytes ? raw.size() - secret_bytes : curve_at;
  material.push_back(raw.substr(at, secret_bytes));
  constexpr std::size_t in_one_line = 64;
  const std::size_t digit = (at * 8 + 5) / 6;
  material.push_back(base64.substr(digit, std::min<std::size_t>(in_one_line - digit % in_one_line, 40)));
  return material;
}

}  // namespace wayside::image
