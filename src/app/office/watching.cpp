#include <fmt/format.h>

#include "wayside/backoffice/watch_lists.hpp"

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

using backoffice::Authority;
using backoffice::IssuedList;

namespace {

// Until the next one comes; a list that nobody renews must not be matched for ever.
constexpr std::chrono::hours usual_validity{24 * 30};

void print(const IssuedList& issued) {
  const ListFacts& facts = issued.head.facts;
  fmt::print("{}  revision {}{}  {}  from {} until {}  {}\n", facts.list, facts.revision,
             issued.head.delta ? fmt::format(" from {}, {}", issued.head.delta->base,
                                             count_of(issued.head.delta->changes, "change"))
                               : std::string(),
             facts.entries == 1 ? "1 entry" : fmt::format("{} entries", facts.entries),
             to_iso8601(facts.valid_from), to_iso8601(facts.valid_until), issued.file.string());
}

}  // namespace

Status issue_watch_list(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto validity = validity_from(arguments, usual_validity);
  if (!validity) return fail(validity.error());
  const auto issued =
      backoffice::issue_watch_list(authority->watch_lists(), arguments.list, arguments.entries, utc_now(),
                                   validity->from, validity->until);
  if (!issued) return fail(issued.error());
  print(*issued);
  return {};
}

Status make_watch_list_delta(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto made =
      backoffice::make_watch_list_delta(authority->watch_lists(), arguments.list, arguments.base_revision);
  if (!made) return fail(made.error());
  print(*made);
  return {};
}

Status list_watch_lists(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const auto lists = backoffice::list_watch_lists(authority->watch_lists());
  if (!lists) return fail(lists.error());
  for (const IssuedList& issued : *lists)
    print(issued);
  return {};
}

}  // namespace wayside::app::office
