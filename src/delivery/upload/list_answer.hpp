// What the office answers to a camera that asks for a VOI list: strictly as agreed, or it counts as none.
//
// Threads: pure. Failure: refused, or unavailable where nothing can be concluded; nothing of the body is
// repeated.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/upload/back_office.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

[[nodiscard]] Result<Secret> list_key_from(const HttpAnswer& answer, const RecipientSecret& transfer);
[[nodiscard]] Result<std::string> list_piece_from(HttpAnswer answer);

// "watch_lists" of the answer to a heartbeat. invalid_input: it is none, all of it.
[[nodiscard]] Result<std::vector<ListOffer>> list_offers_from(const nlohmann::json& lists);

}  // namespace wayside::upload
