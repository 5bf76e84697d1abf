#include "wayside/delivery/seal/recipient_folder.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "wayside/base/json_text.hpp"

#include "src/delivery/seal/only_owner.hpp"

namespace wayside {

namespace fs = std::filesystem;

namespace {

Result<std::vector<fs::path>> recipient_files(const fs::path& folder) {
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(folder, failed))) return std::vector<fs::path>{};
  if (const auto safe = seal::check_only_owner_writes(folder); !safe) return fail(safe.error());
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".toml") files.push_back(at->path());
  }
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot list the recipients in {}: {}",
                                           json_escape(folder.string()), failed.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

// Empty: it can stand beside these.
std::string contradiction(const RecipientOfFile& one, const std::vector<RecipientOfFile>& others) {
  for (const RecipientOfFile& other : others) {
    const std::string name = json_escape(one.file.string());
    const std::string other_name = json_escape(other.file.string());
    if (other.recipient.key == one.recipient.key)
      return fmt::format("{}: key is that of {} too: remove one of the files", name, other_name);
    if (other.recipient.pseudonym_key && one.recipient.pseudonym_key &&
        *other.recipient.pseudonym_key != *one.recipient.pseudonym_key) {
      return fmt::format(
          "{}: pseudonym_key differs from that of {}: a record holds one pseudonym, so give both "
          "the same key",
          name, other_name);
    }
  }
  return {};
}

Result<RecipientFolder> read_recipient_folder(const fs::path& folder) {
  const auto files = recipient_files(folder);
  if (!files) return fail(files.error());
  RecipientFolder out;
  for (const fs::path& file : *files) {
    auto recipient = load_recipient(file);
    if (!recipient) {
      out.bad.push_back({file, recipient.error()});
      continue;
    }
    RecipientOfFile one{file, std::move(*recipient)};
    if (std::string why = contradiction(one, out.good); !why.empty()) {
      out.bad.push_back({file, {ErrorCode::invalid_input, std::move(why)}});
    } else {
      out.good.push_back(std::move(one));
    }
  }
  return out;
}

Result<std::vector<Recipient>> load_recipients(const fs::path& folder) {
  auto read = read_recipient_folder(folder);
  if (!read) return fail(read.error());
  if (!read->bad.empty()) {
    std::string errors;
    for (const RecipientFolder::Bad& bad : read->bad)
      errors += (errors.empty() ? "" : "\n") + bad.error.message;
    return fail(read->bad.back().error.code, std::move(errors));
  }
  std::vector<Recipient> out;
  for (RecipientOfFile& one : read->good)
    out.push_back(std::move(one.recipient));
  return out;
}

}  // namespace wayside
