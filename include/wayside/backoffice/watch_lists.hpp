// The VOI lists that the office issues to cameras (device/watchlist/list_document.md).
//
// One folder: issuer.key, the Ed25519 key that signs them (PEM, 0600), issuer.pub, its public half
// as cameras get it; a folder <list id> each, with <revision>.full and <base>-<revision>.delta. Who is given
// which, and audit.jsonl, where an issue is put on record too: given_lists.hpp.
//
// Threads: plain functions on files; two programs may issue at once. Ownership: the folder belongs to the
// back office's user, mode 0700: it holds VRMs in clear. Failure: invalid_input naming file, line and field
// (never what stands there), not_found naming the command to run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/watchlist/list_head.hpp"

namespace wayside::backoffice {

struct IssuedList {
  ListHead head;
  std::filesystem::path file;
};

// entries: a table (*.csv, columns as the fields are named, vrm and action needed), or one JSON object a line
// (*.jsonl). Spaces in a VRM are left out, and its small letters made capitals. The next revision of the
// list, the first where there is none; the key is made where there is none.
[[nodiscard]] Result<IssuedList> issue_watch_list(const std::filesystem::path& folder,
                                                  const std::string& list,
                                                  const std::filesystem::path& entries, UtcTime issued,
                                                  UtcTime valid_from, UtcTime valid_until);

// From this revision to the newest; base 0: from the one before it.
[[nodiscard]] Result<IssuedList> make_watch_list_delta(const std::filesystem::path& folder,
                                                       const std::string& list, std::uint64_t base);

// Every document, by list and revision, its signature checked.
[[nodiscard]] Result<std::vector<IssuedList>> list_watch_lists(const std::filesystem::path& folder);

}  // namespace wayside::backoffice
