#include "wayside/backoffice/watch_lists.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/device/watchlist/list_issue.hpp"

#include "src/backoffice/audit_file.hpp"
#include "src/backoffice/list_files.hpp"
#include "src/backoffice/signing_key.hpp"
#include "src/backoffice/watch_list_entries.hpp"

namespace wayside::backoffice {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = std::size_t{1} << 30U;

Status check_list_id(const std::string& list) {
  if (is_list_id(list)) return {};
  return fail(ErrorCode::invalid_input, "a VOI list's id must be 1 to 64 of a-z, 0-9 and -, as in north-1");
}

Result<std::string> read_document(const fs::path& file) {
  return read_text_file(file, largest_file);
}

Result<ListText> checked(const std::string& document, const fs::path& file, const VerifyingKey& key) {
  auto text = full_list_from(document, std::span(&key, 1));
  if (!text) return fail(text.error().context(json_escape(file.string())));
  return text;
}

}  // namespace

Result<IssuedList> issue_watch_list(const fs::path& folder, const std::string& list, const fs::path& entries,
                                    UtcTime issued, UtcTime valid_from, UtcTime valid_until) {
  if (auto good = check_list_id(list); !good) return fail(good.error());
  const bool csv = entries.extension() == ".csv";
  if (!csv && entries.extension() != ".jsonl") {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} must be a table, named *.csv, or JSON lines, *.jsonl",
                            json_escape(entries.string())));
  }
  auto text = read_text_file(entries, largest_file);
  if (!text) return fail(text.error());
  ListMaker maker;
  const std::string name = json_escape(entries.string());
  if (!csv)
    entries_from_json_lines(*text, maker);
  else if (auto read = entries_from_csv(*text, name, maker); !read)
    return fail(read.error());
  wipe(*text);

  for (const fs::path& needed : {folder, folder / list}) {
    if (auto made = make_private_folder(needed); !made) return fail(made.error());
  }
  const FolderLock turn(folder);
  if (!turn.held()) return fail(turn.held().error());
  const auto seed = load_or_make_signing_key(list_files::keys(folder));
  if (!seed) return fail(seed.error());
  const auto revisions = list_files::revisions_in(folder / list);
  if (!revisions) return fail(revisions.error());
  ListFacts facts;
  facts.list = list;
  facts.revision = revisions->empty() ? 1 : revisions->back() + 1;
  facts.issued = issued;
  facts.valid_from = valid_from;
  facts.valid_until = valid_until;
  const auto document = maker.full(facts, *seed);
  if (!document) return fail(document.error().context(name));
  const fs::path file = list_files::full(folder, list, facts.revision);
  const auto recorded = put_on_record(
      folder, issued, "issued",
      {{"list", list}, {"revision", facts.revision}, {"entries", maker.entries()}, {"by", operator_name()}});
  if (!recorded) return fail(recorded.error());
  if (auto written = replace_file(file, as_bytes(*document), 0600); !written) return fail(written.error());
  const auto read = checked(*document, file, verifying_key(*seed));
  if (!read) return fail(read.error());
  return IssuedList{read->head, file};
}

Result<IssuedList> make_watch_list_delta(const fs::path& folder, const std::string& list,
                                         std::uint64_t base) {
  if (auto good = check_list_id(list); !good) return fail(good.error());
  const auto revisions = list_files::revisions_in(folder / list);
  if (!revisions) return fail(revisions.error());
  const auto has = [&](std::uint64_t one) {
    return std::find(revisions->begin(), revisions->end(), one) != revisions->end();
  };
  if (revisions->size() < 2) {
    return fail(
        ErrorCode::not_found,
        fmt::format("VOI list {} has {} here, and a delta needs two: run wayside-backoffice watchlist "
                    "issue",
                    list, revisions->empty() ? "no revision" : "one revision"));
  }
  if (base == 0) base = (*revisions)[revisions->size() - 2];
  if (!has(base) || base == revisions->back()) {
    return fail(ErrorCode::not_found, fmt::format("VOI list {} has no revision {} here before its newest, {}",
                                                  list, base, revisions->back()));
  }
  const auto seed = load_signing_key(list_files::keys(folder));
  if (!seed) return fail(seed.error());
  const VerifyingKey key = verifying_key(*seed);
  const fs::path from = list_files::full(folder, list, base),
                 to = list_files::full(folder, list, revisions->back());
  const auto before = read_document(from), after = read_document(to);
  if (!before) return fail(before.error());
  if (!after) return fail(after.error());
  const auto first = checked(*before, from, key), second = checked(*after, to, key);
  if (!first) return fail(first.error());
  if (!second) return fail(second.error());
  const auto delta = delta_between(*first, *second, *seed);
  if (!delta) return fail(delta.error());
  const fs::path file = list_files::delta(folder, list, base, revisions->back());
  if (auto written = replace_file(file, as_bytes(*delta), 0600); !written) return fail(written.error());
  auto head = list_head_of(*delta, std::span(&key, 1));
  if (!head) return fail(head.error());
  return IssuedList{std::move(*head), file};
}

Result<std::vector<IssuedList>> list_watch_lists(const fs::path& folder) {
  std::vector<IssuedList> lists;
  const auto folders = list_files::paths_in(folder);
  if (!folders) return fail(folders.error());
  const auto text = read_text_file(list_files::keys(folder).shared, 1024);
  if (!text && text.error().code == ErrorCode::not_found) return lists;
  if (!text) return fail(text.error());
  const auto key = verifying_key_from(*text);
  if (!key) return fail(key.error().context(json_escape(list_files::keys(folder).shared.string())));
  for (const fs::path& one : *folders) {
    std::error_code ignored;
    if (!fs::is_directory(one, ignored)) continue;
    const auto paths = list_files::paths_in(one);
    if (!paths) return fail(paths.error());
    for (const fs::path& path : *paths) {
      if (path.extension() != ".full" && path.extension() != ".delta") continue;
      const auto document = read_document(path);
      if (!document) return fail(document.error());
      auto head = list_head_of(*document, std::span(&*key, 1));
      if (!head) return fail(head.error().context(json_escape(path.string())));
      lists.push_back({std::move(*head), path});
    }
  }
  std::stable_sort(lists.begin(), lists.end(), [](const IssuedList& a, const IssuedList& b) {
    const ListFacts &first = a.head.facts, &second = b.head.facts;
    return first.list != second.list ? first.list < second.list : first.revision < second.revision;
  });
  return lists;
}

}  // namespace wayside::backoffice
