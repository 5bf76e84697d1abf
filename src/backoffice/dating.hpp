// When a record was taken whose camera's clock was not synchronised: from the camera's clock record of the
// same start (delivery/event/clock_record.schema.json).
//
// Threads: pure.
#pragma once

#include <optional>
#include <string_view>

#include "wayside/backoffice/store.hpp"
#include "wayside/device/clock/time_keeper.hpp"

namespace wayside::backoffice {

// Of documents that have been validated; nothing of any other. Moments beyond a hundred years are nothing.
[[nodiscard]] std::optional<UnsureTime> unsure_time_of(std::string_view capture_document);
[[nodiscard]] std::optional<Synchronisation> synchronisation_of(std::string_view clock_document);

// Nothing where the one does not date the other: of another start, or taken after it.
[[nodiscard]] std::optional<Redated> dated(const UnsureTime& taken, const Synchronisation& by);

}  // namespace wayside::backoffice
