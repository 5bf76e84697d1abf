// What the unlock service's answer says (https_api.md, "Unlock").
//
// Threads: a pure function.
#pragma once

#include "wayside/delivery/upload/unlock.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

// Failures as UnlockService::fetch().
[[nodiscard]] Result<UnlockKeys::Set> unlock_keys_from(const HttpAnswer& answer,
                                                       const RecipientSecret& transfer);

}  // namespace wayside::upload
