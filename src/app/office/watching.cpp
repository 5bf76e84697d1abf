#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/backoffice/watch_lists.hpp"

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

using backoffice::Authority;
using backoffice::GivenLists;
using backoffice::IssuedList;

namespace {

// Until the next one comes; a list that nobody renews must not be matched for ever.
constexpr std::chrono::hours usual_validity{24 * 30};
constexpr std::uint64_t deltas_made = 4;

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
  // For cameras that hold one of the revisions before; those further behind get the full list.
  const std::uint64_t revision = issued->head.facts.revision;
  for (std::uint64_t base = revision - std::min(revision - 1, deltas_made); base < revision; ++base) {
    const auto made = backoffice::make_watch_list_delta(authority->watch_lists(), arguments.list, base);
    if (made)
      print(*made);
    else if (made.error().code != ErrorCode::not_found)
      return fail(made.error());
  }
  return {};
}

Status give_watch_list(const Arguments& arguments) {
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  std::vector<std::string> cameras = arguments.devices;
  std::erase(cameras, backoffice::all_cameras);
  if (const auto enrolled = check_let_in(*office, cameras); !enrolled) return enrolled;
  const GivenLists lists(office->authority.watch_lists());
  for (const std::string& device : arguments.devices) {
    if (const auto given = lists.give(arguments.list, device, utc_now()); !given) return given;
    fmt::print("{} is given to {}\n", arguments.list, device);
  }
  fmt::print("Cameras fetch it after their next heartbeat, over HTTPS.\n");
  return {};
}

Status withdraw_watch_list(const Arguments& arguments) {
  const auto authority = Authority::open(arguments.folder);
  if (!authority) return fail(authority.error());
  const GivenLists lists(authority->watch_lists());
  for (const std::string& device : arguments.devices) {
    if (const auto withdrawn = lists.withdraw(arguments.list, device, utc_now()); !withdrawn)
      return withdrawn;
    fmt::print("{} is withdrawn from {}\n", arguments.list, device);
  }
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
  const auto given = GivenLists(authority->watch_lists()).given();
  if (!given) return fail(given.error());
  for (const auto& [list, cameras] : *given)
    fmt::print("{}  given to {}\n", list, fmt::join(cameras, " "));
  return {};
}

}  // namespace wayside::app::office
