// What the office answers to a camera that asks for a piece of an update: strictly as agreed, or it counts as
// none.
//
// Threads: pure. Failure: refused, or unavailable where nothing can be concluded; nothing of the body is
// repeated.
#pragma once

#include <cstdint>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/device/update/update_offer.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

// How long a piece is from there on.
[[nodiscard]] std::uint64_t update_piece_bytes(const UpdateOffer& offer, std::uint64_t from);
[[nodiscard]] Result<std::string> update_piece_from(HttpAnswer answer, std::uint64_t bytes);

}  // namespace wayside::upload
