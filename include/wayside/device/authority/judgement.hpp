// Whether the camera may capture now: from the documents it holds, what is known of the time, and where it
// stands (document.md).
//
// Threads: pure; AuthorityPlace: one. Failure: none; whatever is missing or unsure is a state with a sentence
// for a person.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wayside/device/authority/document.hpp"
#include "wayside/device/authority/known_time.hpp"
#include "wayside/device/clock/gnss_report.hpp"
#include "wayside/device/clock/position_check.hpp"

namespace wayside {

enum class AuthorityState {
  none,
  other_device,
  older_than_seen,
  not_yet_valid,
  clock_unsure,
  in_force,
  review_due,
  review_passed,
  moved,
  expired,
  revoked,
};
[[nodiscard]] std::string_view to_string(AuthorityState state);  // "not_yet_valid"

struct AuthorityHolding {
  std::vector<AuthorityDocument> documents;  // genuine, and for this camera
  bool for_others = false;                   // genuine ones for other cameras are there
  std::uint64_t highest_seen = 0;            // of the documents for this camera
};

struct AuthorityJudgement {
  AuthorityState state = AuthorityState::none;
  bool may_capture = false;
  std::uint64_t number = 0;        // of the document that decided; 0: none did
  std::optional<int> review_days;  // of review_due: 30, 14, 7 or 1
  std::string sentence;            // what is wrong and what to do; empty where it is in force
};

// moved: nothing where the camera stands where it should.
struct AuthorityMoved {
  std::optional<std::string> moved;
  bool stops = false;
};
[[nodiscard]] AuthorityJudgement judge_authority(const AuthorityHolding& held, const KnownTime& time,
                                                 const AuthorityMoved& place = {});
// The authority that decides, were the time not to matter for whether it has ended; nullptr: none has begun.
[[nodiscard]] const AuthorityDocument* deciding_authority(const AuthorityHolding& held,
                                                          const KnownTime& time);
// Never counts again, whatever comes: revoked, or followed by one that has begun for certain.
[[nodiscard]] bool is_done_with(const AuthorityDocument& document, const AuthorityHolding& held,
                                const KnownTime& time);

// Where the camera stands, against where it may: by satellites, and without them by its own configuration.
class AuthorityPlace {
 public:
  // Latitude and longitude, degrees, of the configured site.
  explicit AuthorityPlace(std::optional<std::pair<double, double>> configured) : configured_(configured) {}

  void saw(const GnssPosition& position);
  [[nodiscard]] std::optional<std::string> moved_from(const AuthorityDocument& document);

 private:
  std::optional<std::pair<double, double>> configured_;
  std::optional<std::pair<double, double>> authorised_;
  std::optional<PositionCheck> check_;
};

}  // namespace wayside
