#include "src/delivery/upload/update_answer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wayside/delivery/upload/update_office.hpp"

namespace wayside::upload {

static_assert(largest_update_piece <= largest_answer);

std::uint64_t update_piece_bytes(const UpdateOffer& offer, std::uint64_t from) {
  return std::min<std::uint64_t>(largest_update_piece, offer.bytes - std::min(offer.bytes, from));
}

Result<std::string> update_piece_from(HttpAnswer answer, std::uint64_t bytes) {
  if (answer.status == 403 || answer.status == 404) {
    return fail(ErrorCode::refused,
                fmt::format("the back office answered {} when asked for the update: the camera is not given "
                            "it any more (wayside-backoffice update list), or is enrolled anew",
                            answer.status));
  }
  if (answer.status != 200 || answer.content_type != "application/vnd.wayside.update") {
    return fail(
        ErrorCode::unavailable,
        fmt::format("the back office answered {} when asked for the update, which is not agreed on: look at "
                    "the office",
                    answer.status));
  }
  if (answer.body.size() != bytes) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("the back office sent {} bytes of the update where {} are due: look at the office",
                    answer.body.size(), bytes));
  }
  return std::move(answer.body);
}

}  // namespace wayside::upload
