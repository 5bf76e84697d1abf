#include "wayside/device/authority/judgement.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace wayside {

namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using Kind = AuthorityDocument::Kind;

constexpr milliseconds longest_unsure = days(7);
constexpr std::array<int, 4> warned_days = {1, 7, 14, 30};
constexpr double moved_from_m = 100;
constexpr std::string_view ask_for_another =
    "the camera captures nothing; where it is to stay, issue another (wayside-backoffice authority issue)";

// Without a clock, an authority is at least as old as the office says.
UtcTime earliest_for(const AuthorityDocument& document, const KnownTime& time) {
  return time.latest ? time.earliest : std::max(time.earliest, document.issued);
}

bool has_begun(const AuthorityDocument& document, const KnownTime& time) {
  return document.valid_from <= earliest_for(document, time);
}

std::uint64_t revoked_to(const AuthorityHolding& held) {
  std::uint64_t highest = 0;
  for (const AuthorityDocument& one : held.documents) {
    if (one.kind == Kind::revocation) highest = std::max(highest, one.number);
  }
  return highest;
}

// Not revoked, the newest first.
std::vector<const AuthorityDocument*> standing(const AuthorityHolding& held) {
  const std::uint64_t revoked = revoked_to(held);
  std::vector<const AuthorityDocument*> all;
  for (const AuthorityDocument& one : held.documents) {
    if (one.kind == Kind::authority && one.number > revoked) all.push_back(&one);
  }
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->number > b->number; });
  return all;
}

AuthorityJudgement stop(AuthorityState state, std::uint64_t number, std::string sentence) {
  return {state, false, number, std::nullopt, std::move(sentence)};
}

AuthorityJudgement without_documents(const AuthorityHolding& held) {
  if (held.for_others) {
    return stop(
        AuthorityState::other_device, 0,
        fmt::format("the deployment authority that is here is for another camera: {}", ask_for_another));
  }
  return stop(
      AuthorityState::none, 0,
      "there is no deployment authority: the camera captures nothing; issue one "
      "(wayside-backoffice authority issue), which the office sends with its answer to a heartbeat, or "
      "put its file into identity.directory/authority");
}

std::string pointless_clock(std::string_view why) {
  return fmt::format(
      "{}: the camera captures nothing until its clock is synchronised; look at the time "
      "servers and the receiver",
      why);
}

// Of those that may begin yet.
AuthorityJudgement none_has_begun(const std::vector<const AuthorityDocument*>& waiting,
                                  const KnownTime& time) {
  const auto* first = *std::min_element(waiting.begin(), waiting.end(), [](const auto* a, const auto* b) {
    return a->valid_from < b->valid_from;
  });
  if (!time.latest) {
    return stop(AuthorityState::clock_unsure, first->number,
                pointless_clock(fmt::format("deployment authority {} is valid from {}, and nobody knows "
                                            "whether it is that time yet",
                                            first->number, to_iso8601(first->valid_from))));
  }
  return stop(AuthorityState::not_yet_valid, first->number,
              fmt::format("deployment authority {} begins at {}: the camera captures nothing until then",
                          first->number, to_iso8601(first->valid_from)));
}

AuthorityJudgement with_review(const AuthorityDocument& one, const KnownTime& time) {
  AuthorityJudgement good{AuthorityState::in_force, true, one.number, std::nullopt, {}};
  const UtcTime now = time.latest.value_or(std::max(time.earliest, time.said));
  if (one.review <= now) {
    good.state = AuthorityState::review_passed;
    good.sentence = fmt::format(
        "the need for this camera was to be reviewed by {} (deployment authority {}): review it, and issue "
        "another authority or remove the camera; capture ends at {}",
        to_iso8601(one.review), one.number, to_iso8601(one.valid_until));
    return good;
  }
  for (const int warned : warned_days) {
    if (one.review - now > days(warned)) continue;
    good.state = AuthorityState::review_due;
    good.review_days = warned;
    good.sentence = fmt::format(
        "the need for this camera is to be reviewed by {}, in {} day{} or less (deployment authority {}): "
        "review it, and issue another authority",
        to_iso8601(one.review), warned, warned == 1 ? "" : "s", one.number);
    return good;
  }
  return good;
}

}  // namespace

std::string_view to_string(AuthorityState state) {
  switch (state) {
    case AuthorityState::none:
      return "none";
    case AuthorityState::other_device:
      return "other_device";
    case AuthorityState::older_than_seen:
      return "older_than_seen";
    case AuthorityState::not_yet_valid:
      return "not_yet_valid";
    case AuthorityState::clock_unsure:
      return "clock_unsure";
    case AuthorityState::in_force:
      return "in_force";
    case AuthorityState::review_due:
      return "review_due";
    case AuthorityState::review_passed:
      return "review_passed";
    case AuthorityState::moved:
      return "moved";
    case AuthorityState::expired:
      return "expired";
    case AuthorityState::revoked:
      break;
  }
  return "revoked";
}

const AuthorityDocument* deciding_authority(const AuthorityHolding& held, const KnownTime& time) {
  for (const AuthorityDocument* one : standing(held)) {
    if (has_begun(*one, time)) return one;
  }
  return nullptr;
}

bool is_done_with(const AuthorityDocument& document, const AuthorityHolding& held, const KnownTime& time) {
  const std::uint64_t revoked = revoked_to(held);
  if (document.number < revoked) return true;
  if (!time.latest || document.kind == Kind::revocation) return false;
  const AuthorityDocument* decides = deciding_authority(held, time);
  return decides != nullptr && document.number < decides->number;
}

AuthorityJudgement judge_authority(const AuthorityHolding& held, const KnownTime& time,
                                   const AuthorityMoved& place) {
  std::uint64_t highest = 0;
  for (const AuthorityDocument& one : held.documents)
    highest = std::max(highest, one.number);
  if (highest < held.highest_seen) {
    return stop(AuthorityState::older_than_seen, highest,
                fmt::format("deployment authority or revocation {} was here and is gone: the camera captures "
                            "nothing until it has it again, from the office or as a file",
                            held.highest_seen));
  }
  if (held.documents.empty()) return without_documents(held);
  const auto all = standing(held);
  if (all.empty()) {
    const std::uint64_t by = revoked_to(held);
    const auto& revocation = *std::find_if(held.documents.begin(), held.documents.end(),
                                           [&](const auto& one) { return one.number == by; });
    return stop(AuthorityState::revoked, by,
                fmt::format("the deployment authority was revoked ({}, revocation {}): {}", revocation.reason,
                            by, ask_for_another));
  }
  const AuthorityDocument* decides = deciding_authority(held, time);
  if (decides == nullptr) return none_has_begun(all, time);
  if (time.latest.value_or(earliest_for(*decides, time)) >= decides->valid_until) {
    return stop(AuthorityState::expired, decides->number,
                fmt::format("deployment authority {} ended at {}: {}", decides->number,
                            to_iso8601(decides->valid_until), ask_for_another));
  }
  if (!time.latest && time.said >= decides->valid_until) {
    return stop(AuthorityState::clock_unsure, decides->number,
                pointless_clock(fmt::format("the clock, which nobody vouches for, says that deployment "
                                            "authority {} has ended",
                                            decides->number)));
  }
  if (!time.latest && time.unsure >= longest_unsure) {
    return stop(AuthorityState::clock_unsure, decides->number,
                pointless_clock("the camera has run for 7 days without a clock that can be trusted, so that "
                                "nobody knows whether its deployment authority is still valid"));
  }
  AuthorityJudgement judged = with_review(*decides, time);
  if (!place.moved) return judged;
  judged.state = AuthorityState::moved;
  judged.may_capture = !place.stops;
  judged.review_days.reset();
  judged.sentence = fmt::format("{}{}", *place.moved, place.stops ? "; it captures nothing there" : "");
  return judged;
}

void AuthorityPlace::saw(const GnssPosition& position) {
  if (check_) check_->saw(position);
}

std::optional<std::string> AuthorityPlace::moved_from(const AuthorityDocument& document) {
  const std::pair authorised(document.latitude, document.longitude);
  if (authorised_ != authorised) {
    authorised_ = authorised;
    check_.emplace(authorised.first, authorised.second);
  }
  constexpr std::string_view remedy =
      "put it back, correct site.latitude and site.longitude, or issue an authority for where it is";
  if (check_->off_m()) {
    if (!check_->alarm()) return std::nullopt;
    return fmt::format(
        "the camera is {:.0f} m from where deployment authority {} lets it stand, say the "
        "satellites: {}",
        *check_->off_m(), document.number, remedy);
  }
  if (!configured_) return std::nullopt;
  const double off_m =
      distance_m(authorised.first, authorised.second, configured_->first, configured_->second);
  if (off_m < moved_from_m) return std::nullopt;
  return fmt::format("[site] is {:.0f} m from where deployment authority {} lets the camera stand: {}", off_m,
                     document.number, remedy);
}

}  // namespace wayside
