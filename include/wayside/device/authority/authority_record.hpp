// The document of the audit record (delivery/event/audit_record.schema.json) that says what the camera's
// authority has become.
//
// Threads: pure.
#pragma once

#include <string>
#include <string_view>

#include "wayside/device/authority/judgement.hpp"
#include "wayside/device/clock/time_keeper.hpp"
#include "wayside/device/clock/time_quality.hpp"

namespace wayside {

// Sorted keys, no white space.
[[nodiscard]] std::string authority_record(const AuthorityJudgement& judged, std::string_view device_id,
                                           const ClockReading& now, const TimeQuality& time);

// The same for judgements between which there is no change to put on record: state, number of the document
// that decided, days to the review, and what follows ("review_due 7, 30 days, captures").
[[nodiscard]] std::string known_as(const AuthorityJudgement& judged);

}  // namespace wayside
