#include "src/delivery/upload/bof2_sender.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::upload {

namespace {

constexpr std::size_t longest_signature = 1024;

// '|' would end a field of a compound capture.
bool can_be_sent(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F && c != '|'; });
}

}  // namespace

Status check_private(const std::filesystem::path& file, std::string_view key) {
  std::error_code failed;
  const auto status = std::filesystem::status(file, failed);
  const auto mode = static_cast<unsigned>(status.permissions()) & 07777U;
  if (failed || (mode & 077U) == 0) return {};  // reading it tells the rest
  return fail(ErrorCode::invalid_input,
              fmt::format("{0}: {1} has mode {2:04o}, so others can get at what is in it: run chmod 600 {1}",
                          key, json_escape(file.string()), mode));
}

Result<bof2::Sender> load_sender(const std::string& username, const std::filesystem::path& signature_file) {
  bof2::Sender sender;
  if (username.empty() || !can_be_sent(username))
    return fail(ErrorCode::invalid_input,
                "upload.username must be 1 or more printable ASCII characters, none of them a '|'");
  sender.username = username;
  if (signature_file.empty()) return sender;
  if (const Status safe = check_private(signature_file, "upload.signature_file"); !safe)
    return fail(safe.error());
  auto text = read_text_file(signature_file, longest_signature + 2);
  if (!text) return fail(text.error().context("upload.signature_file"));
  std::string_view line = *text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.remove_suffix(1);
  const bool good = !line.empty() && line.size() <= longest_signature && can_be_sent(line);
  if (good) sender.signature.assign(line.begin(), line.end());
  wipe(*text);
  if (good) return sender;
  return fail(
      ErrorCode::invalid_input,
      fmt::format("upload.signature_file: {} must hold one line of 1 to {} printable ASCII characters, none "
                  "of them a '|'",
                  json_escape(signature_file.string()), longest_signature));
}

}  // namespace wayside::upload
